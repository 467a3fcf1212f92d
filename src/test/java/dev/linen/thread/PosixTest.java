package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongUnaryOperator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.process.CpuSet;
import dev.linen.process.ThreadName;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.ProcessState;
import dev.linen.testing.Tasks;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread.Kind;
import dev.linen.thread.NativeThread.State;

/** Threads that libc creates on linen's stacks. */
@NoLeaks
class PosixTest {

    /** The JVM doesn't attach a thread whose stack is smaller than about 136 KiB. */
    private static final long LEAST_FOR_JAVA = (64 + 136) << 10;

    private static NativeThreadBuilder posix() {
        return NativeThread.builder().kind(Kind.POSIX);
    }

    private static NativeFunction libcFunction(String name) {
        return NativeFunction.ofSymbol(TestFunctions.library("posix"), name);
    }

    @Test
    void join_ofFunctionThatNeedsLibc_givesResult() throws Exception {
        for (int i = 0; i < 100; i++) {
            try (NativeThread thread = posix().start(libcFunction("use_libc"), i)) {
                assertEquals(4, thread.join());
                assertEquals(State.ENDED, thread.state());
                assertEquals(Kind.POSIX, thread.kind());
            }
        }
    }

    @Test
    void tid_whileItRuns_isInHandleAndInTheKernel() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8);
            try (NativeThread thread = posix().name("posix").start(function("wait_for_word"), word)) {
                assertEquals(thread.tid(), MemorySegment.ofAddress(thread.handle()).reinterpret(4).get(JAVA_INT, 0));
                assertEquals("posix", Tasks.name(thread.tid()));
                assertTrue(thread.stack().sketch().contains("libc's thread-local block"), thread.stack().sketch());
                assertEquals(OptionalLong.empty(), thread.tryJoin());
                assertEquals(OptionalLong.empty(), thread.join(Duration.ofMillis(1)));
                release(word);
                assertEquals(OptionalLong.of(7), thread.join(Duration.ofMinutes(5)));
            }
        }
    }

    private static void release(MemorySegment word) {
        Futex futex = Futex.ofShared(word);
        futex.set(7);
        futex.wakeAll();
    }

    @Test
    void stackPointer_inFunction_liesInOurStack() throws Exception {
        try (NativeThread thread = posix().start(function("stack_pointer_at_call"), 0)) {
            long stackPointer = thread.join();
            MemorySegment stack = thread.stack().stack();
            assertTrue(stackPointer > stack.address() && stackPointer < stack.address() + stack.byteSize(),
                    Long.toHexString(stackPointer));
            assertEquals(0, stackPointer % 16);
        }
    }

    @Test
    void signals_onIt_areBlockedButForTheSynchronousLibcsAndProfilers() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment mask = arena.allocate(8);
            MemorySegment call = arena.allocateFrom(JAVA_LONG, SyscallNumber.RT_SIGPROCMASK, 0, 0, mask.address(), 8, 0,
                    0);
            try (NativeThread thread = posix().start(function("system_call"), call)) {
                assertEquals(0, thread.join());
            }
            // Not blocked: ILL 4, TRAP 5, BUS 7, FPE 8, SEGV 11, SYS 31, libc's 32 to 34, the profilers' VTALRM 26 and
            // PROF
            // 27; and KILL 9 and STOP 19, which can't be blocked.
            assertEquals(~(1L << 3 | 1L << 4 | 1L << 6 | 1L << 7 | 1L << 8 | 1L << 10 | 1L << 18 | 1L << 25 | 1L << 26
                    | 1L << 30 | 7L << 31),
                    mask.get(JAVA_LONG, 0), () -> Long.toHexString(mask.get(JAVA_LONG, 0)));
        }
    }

    @Test
    void join_functionCallsPthreadExit_givesWhatItGave() throws Exception {
        try (NativeThread thread = posix().start(libcFunction("exit_from_within"), 42)) {
            assertEquals(42, thread.join());
        }
    }

    @Test
    void join_functionDetachesItself_givesResult() throws Exception {
        try (NativeThread thread = posix().start(libcFunction("detach_itself"), 42)) {
            assertEquals(42, thread.join());
        }
    }

    @Test
    void join_threadLeavesDestructor_waitsForIt() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8);
            try (NativeThread thread = posix().start(libcFunction("leave_destructor"), word)) {
                thread.join();
                assertEquals(1, word.get(JAVA_INT, 0));
            }
        }
    }

    @Test
    void onExit_ofManyAtOnce_completesAll() throws Exception {
        List<NativeThread> threads = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            threads.add(posix().stackSize(PosixThread.leastStackBytes()).start(libcFunction("use_libc"), i));
        }
        for (NativeThread thread : threads) {
            assertEquals(4, thread.onExit().get(5, TimeUnit.MINUTES));
            thread.close();
        }
    }

    @Test
    void join_onVirtualThread_givesResult() throws Exception {
        try (NativeThread thread = posix().start(libcFunction("detach_itself"), 42)) {
            AtomicLong result = new AtomicLong();
            Thread.ofVirtual().start(() -> {
                try {
                    result.set(thread.join());
                } catch (InterruptedException impossible) {
                    throw new AssertionError(impossible);
                }
            }).join();
            assertEquals(42, result.get());
        }
    }

    @Test
    void detach_thousandTimes_leavesNothing() throws Exception {
        posix().start(libcFunction("use_libc"), 1).detach();
        ProcessState before = ProcessState.now();
        for (int i = 0; i < 1000; i++) {
            posix().start(libcFunction("use_libc"), i).detach();
        }
        while (ProcessState.now().tasks() > before.tasks()) {
            Thread.sleep(1);
        }
        assertTrue(ProcessState.now().mappings() - before.mappings() < 50,
                () -> before + " before, " + ProcessState.now());
    }

    @Test
    void setup_fails_isThrownByStart() {
        SyscallException failed = assertThrows(SyscallException.class,
                () -> posix().cpus(CpuSet.of(1000)).start(libcFunction("use_libc"), 1));
        assertEquals("sched_setaffinity EINVAL", failed.call() + " " + failed.errno());
    }

    /** It doesn't depend on whether the pool has a larger stack. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void start_stackTooSmallForLibc_namesTheLeast(boolean largerIsInThePool) throws Exception {
        long least = PosixThread.leastStackBytes();
        // libc doesn't get the exit record. On aarch64, glibc requires 128 KiB, so that any page is large enough.
        assertTrue(least > 16 << 10 && least <= (128 << 10) + Mapping.pageSize(), () -> "" + least);
        StackPool pool = StackPool.bounded(1 << 20);
        NativeThreadBuilder builder = posix().pool(pool);
        if (largerIsInThePool) {
            try (NativeThread thread = builder.stackSize(least).start(libcFunction("use_libc"), 1)) {
                assertEquals(4, thread.join());
            }
        }
        assertEquals("libc requires a stack of at least " + least + " bytes for a thread of Kind.POSIX, not 16384",
                assertThrows(IllegalArgumentException.class,
                        () -> builder.stackSize(16 << 10).start(libcFunction("use_libc"), 1)).getMessage());
        pool.trim();
    }

    private static State awaitEnd(NativeThread thread) {
        thread.onExit().join();
        return thread.state();
    }

    @Test
    void arena_ownedByTheThread_isClosedAfterItsEnd() {
        AtomicReference<MemorySegment> argument = new AtomicReference<>();
        try (NativeThread thread = posix().start(function("identity"), arena -> {
            argument.set(arena.allocate(8));
            return argument.get();
        })) {
            assertTrue(argument.get().scope().isAlive());
            assertEquals(State.ENDED, awaitEnd(thread));
        }
        assertFalse(argument.get().scope().isAlive());
    }

    @Test
    void ofJava_onPosixThread_runsInJava() throws Exception {
        AtomicReference<Thread> where = new AtomicReference<>();
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> {
                where.set(Thread.currentThread());
                return n * n;
            }, arena);
            try (NativeThread thread = posix().start(function, 12)) {
                assertEquals(144, thread.join());
            }
        }
        assertTrue(where.get().isDaemon());
    }

    /** The names that a thread has in Java, and in the kernel. */
    private static String names(NativeThreadBuilder builder) throws InterruptedException {
        AtomicReference<String> names = new AtomicReference<>();
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> {
                names.set(Thread.currentThread().getName() + " " + ThreadName.get(0));
                return n;
            }, arena);
            try (NativeThread thread = builder.start(function, 12)) {
                assertEquals(12, thread.join());
            }
        }
        return names.get();
    }

    @Test
    void ofJava_name_isTheBuildersInJavaToo() throws Exception {
        assertEquals("Wäschekorb Wäschekorb", names(posix().name("Wäschekorb")));
    }

    /** The JVM takes modified UTF-8, which has six bytes for the basket. */
    @Test
    void ofJava_nameBeyondTheBasicPlane_isTheBuildersInJavaToo() throws Exception {
        assertEquals("🧺 Körbe 🧺 Körbe", names(posix().name("🧺 Körbe")));
    }

    @Test
    void ofJava_noName_isNumbered() throws Exception {
        String names = names(posix());
        assertTrue(names.matches("(linen-\\d+) \\1"), names);
        assertFalse(names.equals(names(posix())), names);
    }

    /** The JVM attaches a thread at its first call of Java, until its end. */
    @Test
    void ofJava_functionNamesItsThread_keepsThatName() throws Exception {
        List<String> names = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> {
                names.add(Thread.currentThread().getName());
                Thread.currentThread().setName("own");
                return n;
            }, arena);
            MemorySegment calls = arena.allocateFrom(JAVA_LONG, function.address().address(), 2);
            try (NativeThread thread = posix().name("builder's").start(libcFunction("call_often"), calls)) {
                thread.join();
            }
        }
        assertEquals(List.of("builder's", "own"), names);
    }

    /** A function in Java can also be called by a thread of Java's, whose name isn't changed. */
    @Test
    void ofJava_calledByAJavaThread_leavesItsName() throws Throwable {
        AtomicReference<String> name = new AtomicReference<>();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment function = NativeFunction.ofJava(n -> {
                name.set(Thread.currentThread().getName());
                return n;
            }, arena).address();
            MethodHandle handle = Linker.nativeLinker().downcallHandle(function,
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
            Thread thread = new Thread(() -> call(handle), "Java's, which is longer than the kernel's");
            thread.setDaemon(true);
            thread.start();
            thread.join();
        }
        assertEquals("Java's, which is longer than the kernel's", name.get());
    }

    private static void call(MethodHandle handle) {
        try {
            assertEquals(5, (long) handle.invokeExact(5L));
        } catch (Throwable failed) {
            throw new AssertionError(failed);
        }
    }

    @Test
    void ofJava_onClonedThread_isRefused() {
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> n, arena);
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                    () -> NativeThread.start(function, 1));
            assertTrue(
                    refused.getMessage().endsWith("needs a thread that libc creates: use builder().kind(Kind.POSIX)"),
                    refused.getMessage());
        }
    }

    @Test
    void ofJava_throws_goesToTheHandlerAndResultIsZero() throws Exception {
        AtomicReference<Throwable> handled = new AtomicReference<>();
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> {
                Thread.currentThread().setUncaughtExceptionHandler((thread, thrown) -> handled.set(thrown));
                throw new IllegalStateException("of the function");
            }, arena);
            try (NativeThread thread = posix().start(function, 12)) {
                assertEquals(0, thread.join());
            }
        }
        assertEquals("of the function", handled.get().getMessage());
    }

    @Test
    void join_byItself_isRefused() throws Exception {
        CompletableFuture<NativeThread> itself = new CompletableFuture<>();
        AtomicReference<String> messages = new AtomicReference<>("");
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> {
                NativeThread thread = itself.join();
                String join = assertThrows(IllegalStateException.class, thread::join).getMessage();
                String close = assertThrows(IllegalStateException.class, thread::close).getMessage();
                messages.set(join + "\n" + close);
                return n;
            }, arena);
            try (NativeThread thread = posix().start(function, 12)) {
                itself.complete(thread);
                assertEquals(12, thread.join());
                assertTrue(messages.get()
                        .matches("(?s).*can't be joined by its own function, which would wait for itself forever"
                                + ".*can't be closed by its own function.*"),
                        messages.get());
            }
        }
    }

    /** Runs in a child JVM, because an error would end the JVM. */
    static final class Upcalls {
        public static void main(String... arguments) throws Throwable {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment twice = NativeFunction.ofJava(n -> 2 * n, arena).address();
                MemorySegment calls = arena.allocateFrom(JAVA_LONG, twice.address(), 2000);
                for (int i = 0; i < 20; i++) {
                    try (NativeThread thread = posix().stackSize(Long.parseLong(arguments[0]))
                            .start(libcFunction("call_often"), calls)) {
                        if (thread.join() != 2000 * 1999) {
                            throw new AssertionError(thread.join());
                        }
                    }
                }
                System.out.print("2000 upcalls, 20 times");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {LEAST_FOR_JAVA, 1L << 30})
    void upcalls_twoThousand_work(long stackBytes) {
        ChildJvm.Result result = ChildJvm.of(Upcalls.class).run("" + stackBytes);
        assertEquals("2000 upcalls, 20 times", result.out(), result::toString);
    }

    static final class Recursion {
        private static final long WANTED = 500L << 20;
        private static final CompletableFuture<NativeThread> THREAD = new CompletableFuture<>();

        public static void main(String... arguments) throws Throwable {
            try (Arena arena = Arena.ofShared()) {
                NativeFunction function = NativeFunction.ofJava(n -> recurse(n), arena);
                try (NativeThread thread = posix().stackSize(1L << 30).start(function, 0)) {
                    THREAD.complete(thread);
                    long depth = thread.join();
                    System.out.print(depth > 100_000 ? "succeeds" : "fails at " + depth);
                }
            }
        }

        private static long recurse(long depth) {
            if (depth % 0x10000 == 0 && THREAD.join().stack().used() >= WANTED) {
                return depth;
            }
            return Math.max(depth, recurse(depth + 1));
        }
    }

    @Test
    void recursion_inJavaOverHalfAGigabyte_succeeds() {
        ChildJvm.Result result = ChildJvm.of(Recursion.class).run();
        assertEquals("succeeds", result.out(), result::toString);
    }

    @Test
    void ofJava_null_isRefused() {
        LongUnaryOperator none = null;
        assertThrows(NullPointerException.class, () -> NativeFunction.ofJava(none, Arena.global()));
    }

    @Test
    void kind_notSet_isClone() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 5)) {
            assertEquals(Kind.CLONE, thread.kind());
            assertEquals(5, thread.join());
        }
    }

    @Test
    void ofJava_throwsAnError_goesToTheHandler() throws Exception {
        AtomicReference<Throwable> handled = new AtomicReference<>();
        try (Arena arena = Arena.ofShared()) {
            NativeFunction function = NativeFunction.ofJava(n -> {
                Thread.currentThread().setUncaughtExceptionHandler((thread, thrown) -> handled.set(thrown));
                throw new AssertionError("of the function");
            }, arena);
            try (NativeThread thread = posix().start(function, 12)) {
                assertEquals(0, thread.join());
            }
        }
        assertEquals("of the function", handled.get().getMessage());
    }

    @Test
    void stack_whileItRuns_isRefused() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8);
            try (NativeThread thread = posix().start(function("wait_for_word"), word)) {
                assertThrows(IllegalStateException.class, () -> thread.stack().stack());
                assertTrue(thread.stack().used() > 0);
                release(word);
                thread.join();
                assertEquals(thread.stack().stackSize(), thread.stack().stack().byteSize());
            }
        }
    }
}
