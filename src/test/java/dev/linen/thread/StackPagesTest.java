package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import dev.linen.internal.binding.Pthread;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.rlimit64;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.TouchedPages;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Advice;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;
import dev.linen.testing.Smaps;

/** How the kernel manages a stack's pages: by default, huge, locked, prefaulted. */
@NoLeaks
class StackPagesTest {

    private static final long MIB = 1 << 20;
    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    private static NativeThreadBuilder fresh() {
        return NativeThread.builder().pool(StackPool.bounded(0));
    }

    @Test
    void prefaulted_beforeTheThreadBegins_allIsThere() throws Exception {
        try (NativeThread thread = fresh().stackSize(MIB).prefaulted().start(function("identity"), 1)) {
            assertEquals(1, thread.join());
            assertEquals(MIB, thread.stack().used());
            MemorySegment signalStack = MemorySegment.ofAddress(signalStack(thread)).reinterpret(Mapping.pageSize());
            assertTrue(TouchedPages.firstIn(signalStack).isPresent());
        }
    }

    private static long signalStack(NativeThread thread) {
        return linen_control.signal_stack(thread.stack().control());
    }

    @Test
    void prefaulted_notAsked_onlyTheTopIsThere() throws Exception {
        try (NativeThread thread = fresh().stackSize(MIB).start(function("identity"), 1)) {
            thread.join();
            assertTrue(thread.stack().used() <= 2 * Mapping.pageSize(), () -> "" + thread.stack().used());
        }
    }

    /** As glibc does before 2.32, at the end of each of its threads. */
    @Test
    void prefaulted_libcHasDiscardedThePages_allIsThereForTheNextThread() throws Exception {
        Skip.unless(!Pthread.discardsStacks(), "this libc discards a stack's pages, so used() isn't known");
        StackPool pool = StackPool.bounded(2 * MIB);
        NativeThreadBuilder builder = NativeThread.builder().kind(NativeThread.Kind.POSIX).pool(pool).stackSize(MIB)
                .prefaulted();
        long address;
        try (NativeThread thread = builder.start(function("identity"), 1)) {
            thread.join();
            address = thread.stack().stack().address();
            assertEquals(0, Syscall.invoke(SyscallNumber.MADVISE, address, MIB - Mapping.pageSize(),
                    Advice.DONTNEED.number()));
            assertEquals(Mapping.pageSize(), thread.stack().used());
        }
        try (NativeThread thread = builder.start(function("identity"), 2)) {
            thread.join();
            assertEquals(address, thread.stack().stack().address());
            assertEquals(MIB, thread.stack().used());
        }
        pool.trim();
    }

    @Test
    void locked_whileOpen_isLocked() throws Exception {
        Skip.unlessMayLockMemory();
        try (NativeThread thread = fresh().stackSize(MIB).locked().start(function("identity"), 1)) {
            assertEquals(1, thread.join());
            assertEquals(MIB, Smaps.bytes(thread.stack().stack().address(), "Locked"));
            assertTrue(Smaps.bytes(thread.stack().control().address(), "Locked") > 0);
            assertTrue(Smaps.bytes(thread.stack().threadLocals().address(), "Locked") > 0);
            assertTrue(Smaps.bytes(signalStack(thread), "Locked") > 0);
            assertEquals(MIB, thread.stack().used());
        }
    }

    /** Some control blocks cross a page boundary. */
    @Test
    void locked_severalWhileOpen_theirControlBlocksAreLocked() throws IOException {
        Skip.unlessMayLockMemory();
        NativeThreadBuilder builder = fresh().stackSize(MIB).locked();
        List<NativeThread> threads = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            threads.add(builder.start(function("identity"), i));
        }
        for (NativeThread thread : threads) {
            MemorySegment control = thread.stack().control();
            assertTrue(Smaps.bytes(control.address(), "Locked") > 0);
            assertTrue(Smaps.bytes(control.address() + control.byteSize() - 1, "Locked") > 0);
        }
        threads.forEach(NativeThread::close);
    }

    @Test
    void locked_afterClose_isNotLockedAnyMore() throws Exception {
        Skip.unlessMayLockMemory();
        long before = locked();
        for (int i = 0; i < 100; i++) {
            try (NativeThread thread = fresh().stackSize(MIB).locked().start(function("identity"), i)) {
                assertEquals(i, thread.join());
            }
        }
        assertEquals(before, locked());
    }

    private static long locked() throws IOException {
        return status("VmLck:");
    }

    /** In KiB. */
    private static long status(String field) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith(field))
                .findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
    }

    /** MADV_GUARD_INSTALL writes an entry for each page: 32 MiB of page tables for this guard. */
    @Test
    void guardSize_large_takesNoPageTables() throws Exception {
        fresh().start(function("identity"), 1).close();
        long before = status("VmPTE:");
        try (NativeThread thread = fresh().guardSize(1L << 34).start(function("identity"), 1)) {
            assertEquals(1, thread.join());
            long grown = status("VmPTE:") - before;
            assertTrue(grown < 16 << 10, () -> grown + " KiB");
        }
    }

    /** RLIMIT_MEMLOCK doesn't apply to root. Therefore this Java thread changes its user id. */
    static final class NothingLocked {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).close();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment limit = arena.allocate(rlimit64.layout());
                rlimit64.rlim_cur(limit, 64 << 10);
                rlimit64.rlim_max(limit, 64 << 10);
                Syscall.invoke(SyscallNumber.PRLIMIT64, 0, Kernel.RLIMIT_MEMLOCK, limit.address(), 0);
                Syscall.invoke(SyscallNumber.SETRESUID, 54321, 54321, 54321);
            }
            StackPool pool = StackPool.bounded(0);
            for (int i = 0; i < 3; i++) {
                try {
                    NativeThread.builder().pool(pool).locked().start(function("identity"), 1);
                } catch (SyscallException failed) {
                    System.out.print(failed.call() + " " + failed.errno() + " ");
                }
            }
            try (NativeThread thread = NativeThread.builder().pool(pool).start(function("identity"), 1)) {
                System.out.print(thread.join());
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void locked_moreThanAllowed_startThrows() {
        ChildJvm.Result result = ChildJvm.of(NothingLocked.class).run();
        assertEquals("mlock ENOMEM mlock ENOMEM mlock ENOMEM 1", result.out(), result::toString);
    }

    @Test
    void hugePages_stackOfThreeMegabytes_isTwoHugePagesAligned() throws Exception {
        Skip.unless(Mapping.pageSize() == 4096, "a huge page is larger than 2 MiB where pages are larger than 4 KiB");
        try (NativeThread thread = fresh().stackSize(3 * MIB).hugePages().start(function("use_stack"), 3 * MIB)) {
            assertEquals(3 * MIB, thread.join());
            assertEquals(4 * MIB, thread.stack().stackSize());
            assertEquals(0, thread.stack().stack().address() % (2 * MIB));
            boolean never = Files.readString(HUGE_PAGES).contains("[never]");
            if (never) {
                System.out.println("StackPagesTest: " + HUGE_PAGES + " is \"never\", so there are no huge pages");
            }
            Skip.unless(!never, "huge pages are switched off: " + HUGE_PAGES);
            assertEquals(4 * MIB, Smaps.bytes(thread.stack().stack().address(), "AnonHugePages"));
        }
    }

    @Test
    void hugePages_severalAtOnce_haveGuards() throws Exception {
        StackPool pool = StackPool.bounded(0);
        NativeThreadBuilder builder = NativeThread.builder().pool(pool).hugePages();
        try (NativeThread first = builder.start(function("identity"), 1);
                NativeThread second = builder.start(function("identity"), 2)) {
            assertEquals(3, first.join() + second.join());
            assertEquals(StackGeometry.DEFAULT_GUARD_BYTES, second.stack().guardSize());
            assertFalse(first.stack().address() == second.stack().address());
        }
    }

    /** Simulates a kernel older than 5.14. */
    static final class NoPopulate {
        public static void main(String... arguments) throws Exception {
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.POPULATE_WRITE.number()).with(Errno.EINVAL);
            try (NativeThread thread = fresh().stackSize(MIB).prefaulted().start(function("identity"), 1)) {
                thread.join();
                MemorySegment page = MemorySegment.ofAddress(signalStack(thread)).reinterpret(Mapping.pageSize());
                System.out.print(thread.stack().used() + " " + TouchedPages.firstIn(page).isPresent());
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void prefaulted_kernelWithoutPopulate_touchesThePages() {
        ChildJvm.Result result = ChildJvm.of(NoPopulate.class).run();
        assertEquals(MIB + " true", result.out(), result::toString);
    }

    /** Simulates an emulator that accepts the advice for guards without following it. */
    static final class UnheededAdvice {
        public static void main(String... arguments) throws Exception {
            FailingSyscall.of(SyscallNumber.FUTEX).whenArgument(1, Kernel.FUTEX_WAIT_PRIVATE).whenArgument(2, 1)
                    .with(Errno.EAGAIN);
            try (NativeThread thread = fresh().start(function("identity"), 1)) {
                thread.join();
                long guard = thread.stack().stack().address() - Mapping.pageSize();
                System.out.print(MemoryMap.regionAt(guard).orElseThrow().protection());
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void guards_adviceIsAcceptedButNotFollowed_areMappings() {
        ChildJvm.Result result = ChildJvm.of(UnheededAdvice.class).run();
        assertEquals("PROT_NONE", result.out(), result::toString);
    }

    @Test
    void pool_ofTheBuilder_isUsedAndBounded() throws Exception {
        StackPool pool = StackPool.bounded(MIB);
        NativeThreadBuilder builder = NativeThread.builder().pool(pool).stackSize(MIB);
        long shared = StackPool.shared().warmBytes();
        builder.start(function("identity"), 1).close();
        assertEquals(MIB, pool.warmBytes());
        try (NativeThread first = builder.start(function("identity"), 1);
                NativeThread second = builder.start(function("identity"), 1)) {
            assertEquals(2, first.join() + second.join());
            assertEquals(0, pool.warmBytes());
        }
        assertEquals(MIB, pool.warmBytes());
        assertEquals(shared, StackPool.shared().warmBytes());
        pool.trim();
        assertEquals(0, pool.warmBytes());
    }

    @Test
    void bounded_negative_isRefused() {
        assertEquals("the bound of a pool must be 0 bytes or more, not -1",
                assertThrows(IllegalArgumentException.class, () -> StackPool.bounded(-1)).getMessage());
    }
}
