package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.rlimit64;
import dev.linen.internal.stack.SlabHeader;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackPages;
import dev.linen.internal.stack.ThreadLocals;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Guards;
import dev.linen.testing.Joining;
import dev.linen.testing.OtherUser;
import dev.linen.testing.Skip;
import dev.linen.testing.Tasks;
import dev.linen.thread.NativeThread.Kind;

/** Makes each system call of a start fail: the right error is thrown, and nothing stays mapped. */
class StartFailureTest {

    /**
     * An unusual size, so that only linen's own calls have it. It is so large that a slab has one slot, and no smaller
     * size is tried.
     */
    private static final StackGeometry ODD = new StackGeometry((40 << 20) + 37 * Mapping.pageSize(),
            3 * Mapping.pageSize(), StackPages.USUAL);

    enum Step {
        MAP("mmap", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                MapFlags flags = MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).with(MapFlags.STACK)
                        .with(MapFlags.NORESERVE);
                return FailingSyscall.of(SyscallNumber.MMAP).whenArgument(3, flags.bits());
            }
        },
        UNLOCK("munlock", Errno.EPERM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.MUNLOCK);
            }
        },
        MAKE_WRITABLE("mprotect", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                long slabBytes = SlabHeader.bytes(1) + ODD.totalBytes() + ODD.outerGuardBytes();
                return FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, slabBytes).whenArgument(2,
                        Protection.READ_WRITE.bits());
            }
        },
        PROTECT_HEADER("mprotect", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, ThreadLocals.bytes())
                        .whenArgument(2, Protection.READ.bits());
            }
        },
        ADVISE_GUARD("madvise", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.GUARD_INSTALL.number());
            }
        },
        PROTECT_TLS_GUARD("mprotect", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                KernelBefore613.pretend();
                return FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, ThreadLocals.guardBytes())
                        .whenArgument(
                                2,
                                Protection.NONE.bits());
            }
        },
        PROTECT_STACK_GUARD("mprotect", Errno.EACCES) {
            @Override
            FailingSyscall call() {
                KernelBefore613.pretend();
                return FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, ODD.guardBytes()).whenArgument(2,
                        Protection.NONE.bits());
            }
        },
        BLOCK_SIGNALS("clone", Errno.EPERM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.RT_SIGPROCMASK).whenArgument(0, Kernel.SIG_SETMASK);
            }
        },
        CLONE("clone", Errno.EAGAIN) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.CLONE);
            }
        },
        SIGNAL_STACK("sigaltstack", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.SIGALTSTACK);
            }
        };

        final String name;
        final Errno errno;

        Step(String name, Errno errno) {
            this.name = name;
            this.errno = errno;
        }

        abstract FailingSyscall call();
    }

    /** Simulates a kernel without MADV_GUARD_INSTALL. */
    static final class KernelBefore613 {
        static void pretend() {
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.GUARD_INSTALL.number()).with(Errno.EINVAL);
        }

        public static void main(String... arguments) throws Exception {
            pretend();
            int before = Main.mappings();
            for (int i = 0; i < 100; i++) {
                Main.startAndJoin();
            }
            System.out.print(Main.mappings() - before < 60 ? "works" : "leaks"); // the JVM creates some of its own
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void start_kernelWithoutGuardsByAdvice_usesMprotect() throws Exception {
        ChildJvm.Result result = ChildJvm.of(KernelBefore613.class).run();
        assertEquals("works", result.out(), result::toString);
    }

    /** Limits the address space, so that one slab of about 30 stacks fits, but not a second one. */
    static final class NoAddressSpace {
        public static void main(String... arguments) throws Exception {
            Main.startAndJoin();
            List<NativeThread> threads = new ArrayList<>();
            try (Arena arena = Arena.ofShared()) {
                MemorySegment word = arena.allocate(8, 8);
                MemorySegment limit = arena.allocate(rlimit64.layout());
                long used = MemoryMap.read().regions().stream().mapToLong(MemoryMap.Region::byteSize).sum();
                rlimit64.rlim_cur(limit, used + (184L << 20));
                rlimit64.rlim_max(limit, used + (184L << 20));
                Syscall.invoke(SyscallNumber.PRLIMIT64, 0, Kernel.RLIMIT_AS, limit.address(), 0);
                Mapping reserve = Mapping.anonymous(64 << 20); // for the JVM itself, which may need some at any time
                try {
                    while (true) {
                        threads.add(NativeThread.start(function("wait_for_word"), word));
                    }
                } catch (SyscallException failed) {
                    reserve.close();
                    System.out.print(failed.call() + " " + failed.errno() + " ");
                }
                System.out.print(threads.size() >= 40 ? "many " : threads.size() + " only ");
                Futex futex = Futex.ofShared(word);
                futex.set(1);
                futex.wakeAll();
                threads.forEach(Joining::join);
                threads.forEach(NativeThread::close);
                Main.startAndJoin();
                System.out.print("and works again");
                System.out.flush();
                Runtime.getRuntime().halt(0);
            }
        }
    }

    @Test
    void start_addressSpaceIsFull_throwsAndRecovers() throws Exception {
        // A thread of the JVM's would otherwise reserve 64 MiB for an arena of libc's, at an unknown time.
        ChildJvm.Result result = ChildJvm.of(NoAddressSpace.class).flags("-XX:+UseSerialGC", "-Xmx64m")
                .wrappedIn("env", "MALLOC_ARENA_MAX=1").run();
        assertEquals("mmap ENOMEM many and works again", result.out(), result::toString);
    }

    /** The limit on a user's threads doesn't apply to root. Therefore this Java thread changes its user id. */
    static final class NoProcesses {
        public static void main(String... arguments) throws Exception {
            Kind kind = Kind.valueOf(arguments[0]);
            NativeThreadBuilder builder = NativeThread.builder().kind(kind);
            builder.start(function("identity"), 1).close();
            Main.keepHelpers();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment none = arena.allocate(rlimit64.layout());
                Syscall.invoke(SyscallNumber.PRLIMIT64, 0, Kernel.RLIMIT_NPROC, none.address(), 0);
                OtherUser.become();
            }
            int before = Main.mappings();
            String said = "";
            for (int i = 0; i < 100; i++) {
                try {
                    builder.start(function("identity"), 1).close();
                } catch (SyscallException failed) {
                    said = failed.call() + " " + failed.errno();
                }
            }
            System.out.print(said + (Main.mappings() - before < 10 ? ", no leak" : ", leaks"));
            System.out.flush();
            Runtime.getRuntime().halt(0); // the JVM itself can't create threads any more
        }
    }

    @Test
    void start_userMayHaveNoMoreThreads_saysSoAndLeavesNothing() throws Exception {
        ChildJvm child = ChildJvm.of(NoProcesses.class).flags("-Ddev.linen.pool.bytes=0");
        ChildJvm.Result clone = child.run(Kind.CLONE.name());
        OtherUser.skipIfRefused(clone);
        assertEquals("clone EAGAIN, no leak", clone.out());
        assertEquals("pthread_create EAGAIN, no leak", child.run(Kind.POSIX.name()).out());
    }

    static final class Main {
        private static NativeThread keeper;

        public static void main(String... arguments) throws Exception {
            Step step = Step.valueOf(arguments[0]);
            startAndJoin(); // loads everything that is loaded on demand, including the thread's own pages
            keepHelpers();
            while (Tasks.named("linen-reclaimer").isEmpty()) { // the JVM must not be setting it up while calls fail
                Thread.onSpinWait();
            }
            step.call().with(step.errno);
            int before = mappings();
            for (int i = 0; i < 100; i++) {
                try {
                    startAndJoin();
                    throw new AssertionError("start didn't fail");
                } catch (SyscallException failed) {
                    if (!failed.call().equals(step.name) || !failed.errno().equals(step.errno)) {
                        throw failed;
                    }
                }
            }
            System.out.print(mappings() - before < 10 ? "no leak" : MemoryMap.read().regions());
            System.out.flush();
            Runtime.getRuntime().halt(0); // the filter would break the JVM's shutdown
        }

        /** While there is a thread, linen's helper threads don't end, and need not be created again. */
        static void keepHelpers() {
            keeper = NativeThread.builder().kind(Kind.POSIX).start(function("sleep_millis"), 1_000_000);
        }

        static void startAndJoin() throws Exception {
            try (NativeThread thread = NativeThread.builder().stackSize(ODD.stackBytes()).guardSize(ODD.guardBytes())
                    .start(function("identity"), 1)) {
                thread.join();
            }
        }

        static int mappings() {
            return MemoryMap.read().regions().size();
        }
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void start_aCallFails_saysSoAndLeavesNothing(Step step) throws Exception {
        Skip.unless(step != Step.ADVISE_GUARD || Guards.areMarks(),
                "needs Linux 6.13 or newer: on this kernel, guards are mappings");
        // Without warm stacks, each start maps its stack.
        ChildJvm.Result result = ChildJvm.of(Main.class).flags("-Ddev.linen.pool.bytes=0").run(step.name());
        assertEquals("no leak", result.out(), result::toString);
    }
}
