package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.ChildJvm;
import dev.linen.testing.FailingSyscall;

/** Each system call on the way to a running thread, made to fail: the right error comes out, and nothing stays mapped. */
class StartFailureTest {

    /** An odd size, so that only linen's own calls have it. */
    private static final StackGeometry ODD = new StackGeometry(37 * 4096, 3 * 4096);

    enum Step {
        MAP_BUFFER("mmap", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.MMAP).whenArgument(1, ODD.totalBytes());
            }
        },
        PROTECT_TLS_GUARD("mprotect", Errno.ENOMEM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, ODD.tlsGuardBytes()).whenArgument(2,
                        Protection.NONE.bits());
            }
        },
        PROTECT_STACK_GUARD("mprotect", Errno.EACCES) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, ODD.guardBytes()).whenArgument(2,
                        Protection.NONE.bits());
            }
        },
        BLOCK_SIGNALS("clone", Errno.EPERM) {
            @Override
            FailingSyscall call() {
                return FailingSyscall.of(SyscallNumber.RT_SIGPROCMASK).whenArgument(0, Kernel.SIG_SETMASK());
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

    static final class Main {
        public static void main(String... arguments) {
            Step step = Step.valueOf(arguments[0]);
            startAndJoin(); // all that is loaded lazily, the thread's own pages included, is there from now on
            step.call().with(step.errno);
            int before = mappings();
            for (int i = 0; i < 100; i++) {
                try {
                    startAndJoin();
                    throw new AssertionError("it didn't fail");
                } catch (SyscallException failed) {
                    if (!failed.call().equals(step.name) || !failed.errno().equals(step.errno)) {
                        throw failed;
                    }
                }
            }
            System.out.print(mappings() - before < 10 ? "no leak" : MemoryMap.read().regions());
            System.out.flush();
            Runtime.getRuntime().halt(0); // at its end, the JVM would stumble over the filter
        }

        private static void startAndJoin() {
            try (NativeThread thread = NativeThread.builder().stackSize(ODD.stackBytes()).guardSize(ODD.guardBytes())
                    .start(function("identity"), 1)) {
                thread.join();
            }
        }

        private static int mappings() {
            return MemoryMap.read().regions().size();
        }
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void start_aCallFails_saysSoAndLeavesNothing(Step step) {
        ChildJvm.Result result = ChildJvm.of(Main.class).run(step.name());
        assertEquals("no leak", result.out(), result::toString);
    }
}
