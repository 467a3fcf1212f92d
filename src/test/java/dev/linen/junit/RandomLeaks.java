package dev.linen.junit;

import static dev.linen.internal.linux.Kernel.CLONE_FILES;
import static dev.linen.internal.linux.Kernel.CLONE_FS;
import static dev.linen.internal.linux.Kernel.CLONE_SIGHAND;
import static dev.linen.internal.linux.Kernel.CLONE_SYSVSEM;
import static dev.linen.internal.linux.Kernel.CLONE_THREAD;
import static dev.linen.internal.linux.Kernel.CLONE_VM;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

import dev.linen.futex.Futex;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

/** Leaks a random resource, and ends it when it has been found. */
final class RandomLeaks {

    private static final int MOST_PAGES = 10_000;
    private static final int ARENA_BYTES = 64 << 20;
    private static final int STACK_BYTES = 1 << 20;

    private static final long AT_FDCWD = -100;
    private static final int OF_THIS_PROCESS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD
            | CLONE_SYSVSEM;

    /** {@code int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)}. */
    private static final MethodHandle CLONE = Linker.nativeLinker().downcallHandle(
            Linker.nativeLinker().defaultLookup().find("clone").orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS), Linker.Option.firstVariadicArg(4));

    private final Random random;
    private final MemorySegment name = Arena.global().allocateFrom("leak");
    private final MemorySegment here = Arena.global().allocateFrom(".");

    /**
     * A leak.
     *
     * @param kind what it is
     * @param lines how the check must name it, without the addresses of others
     * @param end ends it
     */
    record Leak(String kind, List<String> lines, Runnable end) {}

    private interface Source {
        Leak leak() throws Throwable;
    }

    RandomLeaks(Random random) {
        this.random = random;
    }

    Leak next() throws Throwable {
        List<Source> sources = switch (random.nextInt(3)) {
            case 0 -> List.of(this::platformThread, this::virtualThread, () -> nativeThread(NativeThread.Kind.CLONE),
                    () -> nativeThread(NativeThread.Kind.POSIX), this::rawClone);
            case 1 -> List.of(this::file, this::directory, this::socket, this::pipe,
                    () -> descriptor("eventfd", SyscallNumber.EVENTFD2, 0, 0),
                    () -> descriptor("memfd", SyscallNumber.MEMFD_CREATE, name.address(), 0),
                    () -> descriptor("epoll", SyscallNumber.EPOLL_CREATE1, 0, 0),
                    () -> descriptor("pidfd", SyscallNumber.PIDFD_OPEN, ProcessHandle.current().pid(), 0),
                    () -> descriptor("timerfd", SyscallNumber.TIMERFD_CREATE, 1, 0),
                    () -> descriptor("inotify", SyscallNumber.INOTIFY_INIT1, 0, 0));
            default -> List.of(this::mapping, this::mapping, this::mapping, this::mapping, this::mapping,
                    this::mappedFile);
        };
        return sources.get(random.nextInt(sources.size())).leak();
    }

    private int pages() {
        return random.nextBoolean() ? 1 + random.nextInt(20) : 1 + random.nextInt(MOST_PAGES);
    }

    private Leak mapping() {
        List<Protection> protections = List.of(Protection.READ_WRITE, Protection.READ_WRITE, Protection.READ_WRITE,
                Protection.NONE, Protection.READ, Protection.READ_EXEC, Protection.READ_WRITE.with(Protection.EXEC));
        Protection protection = protections.get(random.nextInt(protections.size()));
        MapFlags flags = random.nextInt(5) == 0 ? MapFlags.SHARED : MapFlags.PRIVATE;
        long bytes = switch (random.nextInt(10)) {
            case 0 -> ARENA_BYTES;
            case 1 -> STACK_BYTES;
            default -> pages() * Mapping.pageSize();
        };
        Mapping mapping = Mapping.anonymous(bytes, protection, flags);
        if (protection.has(Protection.WRITE)) {
            write(mapping.segment());
        }
        String shared = flags.has(MapFlags.SHARED) ? ", /dev/zero (deleted)" : "";
        return new Leak(protection + " " + flags, List.of(line(mapping.address(), bytes, protection, shared)),
                mapping::close);
    }

    /** Not at all, with the same byte, with small numbers as in a program's data, or with random bytes. */
    private void write(MemorySegment memory) {
        switch (random.nextInt(4)) {
            case 0 -> memory.fill((byte) random.nextInt());
            case 1 -> {
                for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
                    memory.set(JAVA_LONG, at, random.nextInt(100));
                }
            }
            case 2 -> {
                byte[] bytes = new byte[(int) Math.min(memory.byteSize(), 1 << 20)];
                random.nextBytes(bytes);
                memory.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            }
            default -> {
                // the pages stay untouched
            }
        }
    }

    private Leak mappedFile() {
        Path file = TestFunctions.path("functions");
        Mapping mapping = Mapping.file(file);
        long bytes = Math.ceilDiv(mapping.byteSize(), Mapping.pageSize()) * Mapping.pageSize();
        return new Leak("a mapped file, of a loaded library",
                List.of(line(mapping.address(), bytes, Protection.READ, ", " + file)), mapping::close);
    }

    private static String line(long start, long bytes, Protection protection, String of) {
        return "a mapping: " + Long.toHexString(start) + "-" + Long.toHexString(start + bytes) + ", " + bytes
                + " bytes, " + protection + of;
    }

    private Leak descriptor(String kind, long call, long a, long b) throws IOException {
        return descriptors(kind, checked(kind, Syscall.invoke(call, a, b)));
    }

    private static Leak descriptors(String kind, long... numbers) throws IOException {
        List<String> lines = new ArrayList<>();
        for (long number : numbers) {
            lines.add("an open file: " + number + " -> "
                    + Files.readSymbolicLink(Path.of("/proc/self/fd", Long.toString(number))));
        }
        return new Leak(kind, lines, () -> Arrays.stream(numbers).forEach(
                number -> checked("close", Syscall.invoke(SyscallNumber.CLOSE, number))));
    }

    private static long checked(String call, long result) {
        if (Syscall.isError(result)) {
            throw new SyscallException(call, result);
        }
        return result;
    }

    private Leak file() throws IOException {
        List<Path> paths = List.of(Path.of("README.md"), Path.of("/dev/urandom"), Path.of("/dev/random"),
                Path.of("/dev/null"), Path.of(System.getProperty("java.home"), "release"),
                Path.of(System.getProperty("java.home"), "lib", "modules"),
                Arrays.stream(System.getProperty("java.class.path").split(":", -1)).map(Path::of)
                        .filter(Files::isRegularFile).findFirst().orElseThrow());
        return open(paths.get(random.nextInt(paths.size())));
    }

    private Leak directory() throws IOException {
        return open(Path.of("src"));
    }

    private static Leak open(Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return descriptors("open " + path, checked("openat", Syscall.invoke(SyscallNumber.OPENAT, AT_FDCWD,
                    arena.allocateFrom(path.toString()).address(), 0, 0)));
        }
    }

    private Leak socket() throws IOException {
        return descriptors("socket", checked("socket",
                Syscall.invoke(SyscallNumber.SOCKET, 1 + random.nextInt(2), 1 + random.nextInt(2), 0)));
    }

    private Leak pipe() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            checked("pipe2", Syscall.invoke(SyscallNumber.PIPE2, ends.address(), 0));
            return descriptors("pipe", ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1));
        }
    }

    /** Some names are those of the JVM's own threads. */
    private String threadName() {
        List<String> names = List.of("GC Thread#", "C2 CompilerThread", "ForkJoinPool-1-worker-", "Common-Cleaner",
                "linen-watcher", "Read-Poller", "G1 Conc#", "pool-1-thread-", "");
        return names.get(random.nextInt(names.size())) + (random.nextBoolean() ? "" : random.nextInt(10));
    }

    private Leak platformThread() {
        boolean[] ended = new boolean[1];
        CompletableFuture<Long> tid = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().daemon().name(threadName()).start(() -> {
            tid.complete(Syscall.invoke(SyscallNumber.GETTID));
            park(ended);
        });
        return new Leak("platform thread", List.of("a thread: " + tid.join() + " (" + thread.getName() + ")"),
                () -> end(thread, ended));
    }

    private Leak virtualThread() {
        boolean[] ended = new boolean[1];
        Thread thread = Thread.ofVirtual().name(threadName()).start(() -> park(ended));
        return new Leak("virtual thread",
                List.of("a virtual thread: #" + thread.threadId() + " (" + thread.getName() + ")"),
                () -> end(thread, ended));
    }

    private static void park(boolean[] ended) {
        while (true) {
            synchronized (ended) {
                if (ended[0]) {
                    return;
                }
            }
            LockSupport.park();
        }
    }

    private static void end(Thread thread, boolean[] ended) {
        synchronized (ended) {
            ended[0] = true;
        }
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
    }

    private Leak nativeThread(NativeThread.Kind kind) {
        MemorySegment word = Arena.global().allocate(8, 8);
        String threadName = threadName();
        String given = threadName.substring(0, Math.min(15, threadName.length()));
        NativeThread thread = NativeThread.builder().kind(kind).name(given)
                .start(TestFunctions.function("wait_for_word"), word);
        return new Leak("native thread " + kind, List.of("a thread: " + thread.tid() + " (" + given + ")"), () -> {
            wake(word);
            thread.close();
        });
    }

    private Leak rawClone() throws Throwable {
        MemorySegment word = Arena.global().allocate(8, 8);
        MemorySegment stack = Arena.global().allocate(64 << 10, 16);
        int tid = (int) CLONE.invokeExact(TestFunctions.function("wait_for_word").address(),
                stack.asSlice(stack.byteSize()), OF_THIS_PROCESS, word);
        Path task = Path.of("/proc/self/task", Integer.toString(tid));
        return new Leak("raw clone", List.of("a thread: " + tid + " (" + comm(task) + ")"), () -> {
            wake(word);
            while (Files.exists(task)) {
                Thread.onSpinWait();
            }
        });
    }

    private static String comm(Path task) throws IOException {
        return Files.readString(task.resolve("comm")).strip();
    }

    private static void wake(MemorySegment word) {
        word.set(JAVA_INT, 0, 1);
        Futex.ofShared(word).wakeAll();
    }
}
