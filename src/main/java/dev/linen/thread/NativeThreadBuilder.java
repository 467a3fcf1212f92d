package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.Trampoline;
import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.helper.Reclaimer;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackPages;
import dev.linen.process.CpuSet;
import dev.linen.process.Scheduling;
import dev.linen.process.ThreadName;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeThread.Kind;

/**
 * Starts native threads: takes what they are to be like, then {@code start} maps a stack buffer, fills it in and clones.
 *
 * <pre>{@code
 * NativeThread.builder().stackSize(64 << 10).guardSize(16 << 10).start(function, 27);
 * }</pre>
 *
 * <p>Can start any number of threads. To be used by one Java thread at a time.
 */
public final class NativeThreadBuilder {

    /** Never started: only to ask what others may do. */
    private static final Thread SOME_OTHER_THREAD = new Thread("");

    /** The 136 KiB that HotSpot demands of a Java thread's stack on x86-64, and 64 KiB to work with. */
    private static final long LEAST_STACK_FOR_JAVA = (136 + 64) << 10;

    static {
        Reclaimer.everySecond(new HandlerCheck());
    }

    private long stackBytes = StackGeometry.DEFAULT_STACK_BYTES;
    private long guardBytes = StackGeometry.DEFAULT_GUARD_BYTES;

    private @Nullable String name;
    private @Nullable CpuSet cpus;
    private @Nullable Scheduling scheduling;
    private @Nullable Integer nice;

    private Kind kind = Kind.CLONE;
    private StackPages pages = StackPages.USUAL;
    private StackPool pool = StackPool.shared();

    NativeThreadBuilder() {}

    /**
     * Who makes the thread; the kernel's {@code clone} unless said otherwise.
     *
     * @param newKind {@link Kind#POSIX} for functions that need all of libc, or Java
     * @return this builder
     */
    public NativeThreadBuilder kind(Kind newKind) {
        kind = Objects.requireNonNull(newKind);
        return this;
    }

    /**
     * How large the stack is; 2 MiB unless said otherwise.
     *
     * @param bytes the size in bytes, at least 16 KiB; rounded up to pages
     * @return this builder
     * @throws IllegalArgumentException when there is no such size
     */
    public NativeThreadBuilder stackSize(long bytes) {
        stackBytes = StackGeometry.requireStackSize(bytes);
        return this;
    }

    /**
     * How large the guard below the stack is; 64 KiB unless said otherwise. A function whose frame is larger than the
     * guard can jump over it.
     *
     * @param bytes the size in bytes, at least one page and a multiple of it
     * @return this builder
     * @throws IllegalArgumentException when there is no such size
     */
    public NativeThreadBuilder guardSize(long bytes) {
        guardBytes = StackGeometry.requireGuardSize(bytes);
        return this;
    }

    /**
     * Asks for a stack in pages of 2 MiB, which it is aligned to and rounded up to: fewer TLB misses, and memory in larger pieces.
     * A wish: the kernel gives such pages when it has some, unless {@code /sys/kernel/mm/transparent_hugepage/enabled}
     * says "never".
     *
     * @return this builder
     */
    public NativeThreadBuilder hugePages() {
        pages = pages.withHuge();
        return this;
    }

    /**
     * Keeps the stack in memory: never swapped out, and all of it there before the thread begins, {@code mlock}. Then start can
     * fail with ENOMEM (more than RLIMIT_MEMLOCK), EPERM (RLIMIT_MEMLOCK is 0) or EAGAIN.
     *
     * @return this builder
     */
    public NativeThreadBuilder locked() {
        pages = pages.withLocked();
        return this;
    }

    /**
     * Brings all of the stack into memory before the thread begins: it won't fault its pages in. Then start can fail with
     * ENOMEM.
     *
     * @return this builder
     */
    public NativeThreadBuilder prefaulted() {
        pages = pages.withPrefaulted();
        return this;
    }

    /**
     * Where the stack comes from and goes to; the pool that all share unless said otherwise.
     *
     * @param newPool the pool
     * @return this builder
     */
    public NativeThreadBuilder pool(StackPool newPool) {
        pool = Objects.requireNonNull(newPool);
        return this;
    }

    /**
     * What the thread is called in {@code /proc/self/task/TID/comm}, in {@code top} and in debuggers; like its creator unless
     * said otherwise.
     *
     * @param newName at most 15 bytes in UTF-8
     * @return this builder
     * @throws IllegalArgumentException when the name is longer, or has a NUL in it
     */
    public NativeThreadBuilder name(String newName) {
        ThreadName.toBytes(newName);
        name = newName;
        return this;
    }

    /**
     * On which CPUs the thread may run; where its creator may, unless said otherwise.
     *
     * @param newCpus the CPUs; at least one that there is, or start fails with EINVAL
     * @return this builder
     * @throws IllegalArgumentException when the set is empty
     */
    public NativeThreadBuilder cpus(CpuSet newCpus) {
        if (newCpus.isEmpty()) {
            throw new IllegalArgumentException("a thread needs at least one CPU to run on; this set is empty");
        }
        cpus = newCpus;
        return this;
    }

    /**
     * How the thread is scheduled; as its creator is, unless said otherwise.
     *
     * @param newScheduling policy and priority; start fails with EPERM without the right to it, with EINVAL when there is none
     *        such
     * @return this builder
     */
    public NativeThreadBuilder scheduling(Scheduling newScheduling) {
        scheduling = Objects.requireNonNull(newScheduling);
        return this;
    }

    /**
     * How nice the thread is to others; as its creator is, unless said otherwise.
     *
     * @param newNice from -20 (not at all) to 19; start fails with EACCES without the right to be less nice
     * @return this builder
     * @throws IllegalArgumentException when there is no such nice
     */
    public NativeThreadBuilder nice(int newNice) {
        nice = Scheduling.requireNice(newNice);
        return this;
    }

    /**
     * Starts a thread with a pointer as its argument. The memory must outlive the thread; its arena is kept reachable
     * until the thread is closed, but not open.
     *
     * @param function what the thread runs
     * @param argument what it is called with; {@link MemorySegment#NULL} is allowed
     * @return the running thread
     * @throws IllegalArgumentException when the argument is on the Java heap
     * @throws IllegalStateException when the argument's arena is closed, or the function's library unloaded
     * @throws SyscallException of {@code mmap} or {@code mprotect} (ENOMEM: no room for the stack, or too many
     *         mappings), or {@code clone} (EAGAIN: too many threads), or of what the thread could not be made;
     *         nothing is left of it then
     */
    public NativeThread start(NativeFunction function, MemorySegment argument) {
        requireNative(argument);
        return start(function, argument.address(), new Lent(function, Optional.of(argument), null));
    }

    /**
     * Starts a thread with a number as its argument.
     *
     * @param function what the thread runs
     * @param argument what it is called with, as {@code (void *)argument}
     * @return the running thread
     * @throws IllegalStateException when the function's library is unloaded
     * @throws SyscallException of {@code mmap} or {@code mprotect} (ENOMEM: no room for the stack, or too many
     *         mappings), or {@code clone} (EAGAIN: too many threads), or of what the thread could not be made;
     *         nothing is left of it then
     */
    public NativeThread start(NativeFunction function, long argument) {
        return start(function, argument, new Lent(function, Optional.empty(), null));
    }

    /**
     * Starts a thread with memory of its own: an arena that is closed when the thread has ended and is closed or detached. The
     * way to pass a struct that nobody has to look after.
     *
     * <pre>{@code
     * NativeThread.builder().start(function, memory -> {
     *     MemorySegment point = memory.allocate(POINT);
     *     POINT_X.set(point, 0L, 3);
     *     return point;
     * });
     * }</pre>
     *
     * @param function what the thread runs
     * @param argument makes the argument, in the arena that it is given; may keep nothing of it
     * @return the running thread
     * @throws IllegalArgumentException when the argument is on the Java heap
     * @throws IllegalStateException when the function's library is unloaded
     * @throws SyscallException as the other forms; the arena is closed then
     */
    @SuppressWarnings("MustBeClosed") // by Lent, after the thread's end
    public NativeThread start(NativeFunction function, Function<Arena, MemorySegment> argument) {
        Arena memory = Arena.ofShared();
        try {
            return startOwning(memory, function, argument.apply(memory));
        } catch (RuntimeException | Error failed) {
            memory.close();
            throw failed;
        }
    }

    /**
     * Starts a thread that takes over an arena: it is closed when the thread has ended and is closed or detached.
     *
     * @param arena a shared arena, with all that the thread uses; the caller doesn't close it
     * @param function what the thread runs
     * @param argument what it is called with
     * @return the running thread
     * @throws IllegalArgumentException when the arena belongs to one Java thread, or the argument is on the Java heap; the arena
     *         stays the caller's then
     * @throws IllegalStateException when the arena is closed, or the function's library unloaded
     * @throws SyscallException as the other forms; the arena stays the caller's
     */
    public NativeThread startOwning(Arena arena, NativeFunction function, MemorySegment argument) {
        requireNative(argument);
        MemorySegment probe = arena.allocate(1);
        if (!probe.isAccessibleBy(SOME_OTHER_THREAD)) {
            throw new IllegalArgumentException(
                    "a confined arena can only be closed by its own Java thread; this one would "
                            + "have to be closed by whoever sees the thread's end: take Arena.ofShared()");
        }
        return start(function, argument.address(), new Lent(function, Optional.of(argument), arena));
    }

    private static void requireNative(MemorySegment argument) {
        if (!argument.isNative()) {
            throw new IllegalArgumentException("the argument is on the Java heap, which a native thread can't see (the "
                    + "garbage collector moves it): allocate it from an Arena");
        }
        if (!argument.scope().isAlive()) {
            throw new IllegalStateException("the argument's memory is freed: its arena is closed");
        }
    }

    private NativeThread start(NativeFunction function, long argument, Lent lent) {
        requireCanRun(function);
        long code = function.address().address();
        ThreadSetup setup = setup();
        lent.keep(setup); // the thread reads its memory, whatever happens here meanwhile
        NativeThread thread = new NativeThread(kind, lent, pool);
        try {
            ControlBlock block = thread.prepare(new StackGeometry(stackBytes, guardBytes, pages), code, argument);
            start(thread, block, setup);
            return thread;
        } catch (RuntimeException | Error failed) {
            thread.giveUp();
            throw failed;
        }
    }

    private void requireCanRun(NativeFunction function) {
        if (!function.address().scope().isAlive()) {
            throw new IllegalStateException("the library of " + function + " is unloaded: the arena that it was looked "
                    + "up with is closed");
        }
        if (function.isJava() && kind != Kind.POSIX) {
            throw new IllegalArgumentException(function + " is in Java, and so needs a thread that libc made: "
                    + "builder().kind(Kind.POSIX)");
        }
        if (function.isJava() && stackBytes < LEAST_STACK_FOR_JAVA) {
            throw new IllegalArgumentException(function + " is in Java, and so needs a stack of " + LEAST_STACK_FOR_JAVA
                    + " bytes at least, not " + stackBytes + ": the JVM would end the process");
        }
    }

    private void start(NativeThread thread, ControlBlock block, ThreadSetup setup) {
        setup.prepare(block);
        // No call, but an assignment: what follows a clone must not fail.
        thread.tid = kind == Kind.POSIX ? pthreadCreate(block) : clone(block);
        ThreadSetup.await(block);
        if (setup.hasFailed(block)) {
            throw setup.failure(block);
        }
    }

    private static int clone(ControlBlock block) {
        FaultHandler.Notice notice = FaultHandler.beforeStart();
        if (notice != null) {
            FaultLog.report(notice);
        }
        block.prepareThreadLocals();
        long tid = Trampoline.clone(block.address(), CloneFlags.BITS);
        if (tid < 0) {
            // or of rt_sigprocmask, which the same downcall issues first
            throw new SyscallException("clone", tid, hex(CloneFlags.BITS), hex(block.slot().exit().address()));
        }
        return (int) tid;
    }

    private static int pthreadCreate(ControlBlock block) {
        PosixThread thread = new PosixThread(block);
        block.prepareReady();
        ExitWatcher.watch(thread);
        try {
            thread.create();
        } catch (SyscallException failed) {
            ExitWatcher.forget(thread);
            throw failed;
        }
        ThreadSetup.await(block); // its tid is there then
        return block.tid();
    }

    private ThreadSetup setup() {
        ThreadSetup setup = new ThreadSetup();
        if (name != null) {
            setup.name(name);
        }
        if (cpus != null) {
            setup.cpus(cpus);
        }
        if (scheduling != null) {
            setup.scheduling(scheduling);
        }
        if (nice != null) {
            setup.nice(nice);
        }
        return setup;
    }

    /** Keeps linen's signal handler in front while there are native threads. */
    private static final class HandlerCheck implements Runnable {
        private boolean initialized;

        @Override
        public void run() {
            if (!initialized) {
                initialized = true;
                ExitWatcher.initialize();
                FaultLog.initialize();
            }
            FaultHandler.Notice notice = FaultHandler.look();
            if (notice != null) {
                FaultLog.report(notice);
            }
        }
    }
}
