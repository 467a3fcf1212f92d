package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.binding.Trampoline;
import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.helper.Reclaimer;
import dev.linen.internal.linux.Machine;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackPages;
import dev.linen.memory.Mapping;
import dev.linen.process.CpuSet;
import dev.linen.process.Scheduling;
import dev.linen.process.ThreadName;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeThread.Kind;

/**
 * Starts native threads with chosen properties: {@code start} takes a stack from a pool, initializes it and clones.
 *
 * <pre>{@code
 * NativeThread.builder().stackSize(64 << 10).guardSize(16 << 10).start(function, 27);
 * }</pre>
 *
 * <p>A builder can start any number of threads. It isn't thread-safe.
 */
public final class NativeThreadBuilder {

    /** Never started. Used to ask whether a segment is accessible from another thread. */
    private static final Thread SOME_OTHER_THREAD = new Thread("");

    /**
     * What HotSpot requires of a Java thread's stack (os::_java_thread_min_stack_allowed, which differs by CPU, and its
     * yellow, red, reserved and shadow zones, each of whole pages), and 64 KiB to work with. On x86-64 HotSpot requires
     * 136 KiB.
     */
    private static final long LEAST_STACK_FOR_JAVA = ((Machine.THIS == Machine.AARCH64 ? 72 : 40) << 10)
            + zone(8) + zone(4) + zone(4) + zone(80) + (64 << 10);

    /** Of threads that run Java and were given no name. */
    private static final AtomicLong NUMBER = new AtomicLong();

    static {
        Reclaimer.everySecond(new HandlerCheck());
    }

    private static volatile boolean hasCreatedPosix;

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
     * Sets how the thread is created; by default, by {@link Kind#CLONE}.
     *
     * @param newKind {@link Kind#POSIX} for functions that need all of libc, or Java
     * @return this builder
     */
    public NativeThreadBuilder kind(Kind newKind) {
        kind = Objects.requireNonNull(newKind);
        return this;
    }

    /**
     * Sets the size of the stack; 2 MiB by default.
     *
     * @param bytes the size in bytes, at least 16 KiB; rounded up to whole pages. For {@link Kind#POSIX}, libc requires
     *        more: {@code start} throws an IllegalArgumentException that names the smallest size, usually 20 KiB on
     *        x86-64 and 132 KiB on aarch64
     * @return this builder
     * @throws IllegalArgumentException if the size is smaller than 16 KiB or larger than the address space
     */
    public NativeThreadBuilder stackSize(long bytes) {
        stackBytes = StackGeometry.requireStackSize(bytes);
        return this;
    }

    /**
     * Sets the size of the guard below the stack; 64 KiB by default. A function whose frame is larger than the guard
     * can skip it.
     *
     * @param bytes the size in bytes, a multiple of the page size
     * @return this builder
     * @throws IllegalArgumentException if the size is smaller than a page, isn't a multiple of it, or is larger than
     *         the address space
     */
    public NativeThreadBuilder guardSize(long bytes) {
        guardBytes = StackGeometry.requireGuardSize(bytes);
        return this;
    }

    /**
     * Requests huge pages for the stack, which is aligned and rounded up to their size: 2 MiB, or more if pages are
     * larger than 4 KiB. There are then fewer TLB misses, but the stack takes memory in larger pieces. This is a hint:
     * the kernel uses such pages if some are free, unless {@code /sys/kernel/mm/transparent_hugepage/enabled} is
     * "never".
     *
     * @return this builder
     */
    public NativeThreadBuilder hugePages() {
        pages = pages.withHuge();
        return this;
    }

    /**
     * Locks the stack in memory with {@code mlock}: all of it is in memory before the thread begins, and is never
     * swapped out. {@code start} can then fail with ENOMEM (more than RLIMIT_MEMLOCK), EPERM (RLIMIT_MEMLOCK is 0) or
     * EAGAIN.
     *
     * @return this builder
     */
    public NativeThreadBuilder locked() {
        pages = pages.withLocked();
        return this;
    }

    /**
     * Loads the whole stack into memory before the thread begins, so that the thread has no page faults on it.
     * {@code start} can then fail with ENOMEM.
     *
     * @return this builder
     */
    public NativeThreadBuilder prefaulted() {
        pages = pages.withPrefaulted();
        return this;
    }

    /**
     * Sets the pool from which the stack is taken, and to which it returns; by default the
     * {@linkplain StackPool#shared() shared pool}.
     *
     * @param newPool the pool
     * @return this builder
     */
    public NativeThreadBuilder pool(StackPool newPool) {
        pool = Objects.requireNonNull(newPool);
        return this;
    }

    /**
     * Sets the thread's name, as shown in {@code /proc/self/task/TID/comm}, {@code top} and debuggers; by default it is
     * that of the thread that calls {@code start}, or {@code linen-N} if the function is in Java. If the function is in
     * Java, this is also the name in Java, as shown by {@code jstack}, Flight Recorder and other profilers.
     *
     * @param newName at most 15 bytes in UTF-8
     * @return this builder
     * @throws IllegalArgumentException if the name is longer, or contains a NUL
     */
    public NativeThreadBuilder name(String newName) {
        ThreadName.toBytes(newName);
        name = newName;
        return this;
    }

    /**
     * Sets the CPUs on which the thread may run; by default they are those of the thread that calls {@code start}.
     *
     * @param newCpus the CPUs, of which at least one must exist, or {@code start} fails with EINVAL
     * @return this builder
     * @throws IllegalArgumentException if the set is empty
     */
    public NativeThreadBuilder cpus(CpuSet newCpus) {
        if (newCpus.isEmpty()) {
            throw new IllegalArgumentException("a thread needs at least one CPU to run on, but this set is empty");
        }
        cpus = newCpus;
        return this;
    }

    /**
     * Sets how the thread is scheduled; by default like the thread that calls {@code start}.
     *
     * @param newScheduling the policy and the priority; {@code start} fails with EPERM without the permission, and with
     *        EINVAL if they don't exist
     * @return this builder
     */
    public NativeThreadBuilder scheduling(Scheduling newScheduling) {
        scheduling = Objects.requireNonNull(newScheduling);
        return this;
    }

    /**
     * Sets the thread's nice value; by default it is that of the thread that calls {@code start}.
     *
     * @param newNice from -20 (largest share of CPU time) to 19 (smallest share); {@code start} fails with EACCES
     *        without the permission for a lower value
     * @return this builder
     * @throws IllegalArgumentException if the value is out of range
     */
    public NativeThreadBuilder nice(int newNice) {
        nice = Scheduling.requireNice(newNice);
        return this;
    }

    /**
     * Starts a thread with a pointer as its argument. The memory must outlive the thread: its arena is kept reachable
     * until the thread is closed, but not kept open.
     *
     * @param function the function to run
     * @param argument the argument; {@link MemorySegment#NULL} is allowed
     * @return the running thread
     * @throws IllegalArgumentException if the argument is on the Java heap
     * @throws IllegalStateException if the argument's arena is closed, or the function's library is unloaded
     * @throws SyscallException from {@code mmap} or {@code mprotect} (ENOMEM: not enough memory or address space for
     *         the stack, or too many mappings), {@code clone} (EAGAIN: too many threads), or the call that sets the
     *         thread's name, CPUs, scheduling or nice value; nothing of the thread remains
     */
    public NativeThread start(NativeFunction function, MemorySegment argument) {
        requireNative(argument);
        return start(function, argument.address(), new Lent(function, Optional.of(argument), null));
    }

    /**
     * Starts a thread with a number as its argument.
     *
     * @param function the function to run
     * @param argument the argument, passed as {@code (void *)argument}
     * @return the running thread
     * @throws IllegalStateException if the function's library is unloaded
     * @throws SyscallException from {@code mmap} or {@code mprotect} (ENOMEM: not enough memory or address space for
     *         the stack, or too many mappings), {@code clone} (EAGAIN: too many threads), or the call that sets the
     *         thread's name, CPUs, scheduling or nice value; nothing of the thread remains
     */
    public NativeThread start(NativeFunction function, long argument) {
        return start(function, argument, new Lent(function, Optional.empty(), null));
    }

    /**
     * Starts a thread that owns an arena, which is closed after the thread has ended and is closed or detached. Use it
     * to pass a struct without managing its lifetime.
     *
     * <pre>{@code
     * NativeThread.builder().start(function, memory -> {
     *     MemorySegment point = memory.allocate(POINT);
     *     POINT_X.set(point, 0L, 3);
     *     return point;
     * });
     * }</pre>
     *
     * @param function the function to run
     * @param argument creates the argument in the given arena; it must not keep a reference to the arena or its
     *        segments
     * @return the running thread
     * @throws IllegalArgumentException if the argument is on the Java heap
     * @throws IllegalStateException if the function's library is unloaded
     * @throws SyscallException as in the other forms; the arena is then closed
     */
    @SuppressWarnings("MustBeClosed") // Lent closes it after the thread's end
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
     * Starts a thread that takes over an arena, which is closed after the thread has ended and is closed or detached.
     *
     * @param arena a shared arena with all that the thread uses; the caller must not close it
     * @param function the function to run
     * @param argument the argument
     * @return the running thread
     * @throws IllegalArgumentException if the arena is confined to one Java thread, or the argument is on the Java
     *         heap; the caller keeps the arena
     * @throws IllegalStateException if the arena is closed, or the function's library is unloaded
     * @throws SyscallException as in the other forms; the caller keeps the arena
     */
    public NativeThread startOwning(Arena arena, NativeFunction function, MemorySegment argument) {
        requireNative(argument);
        MemorySegment probe = arena.allocate(1);
        if (!probe.isAccessibleBy(SOME_OTHER_THREAD)) {
            throw new IllegalArgumentException("the arena is confined to one Java thread, but any thread may have to "
                    + "close it after the native thread's end: use Arena.ofShared()");
        }
        return start(function, argument.address(), new Lent(function, Optional.of(argument), arena));
    }

    private static void requireNative(MemorySegment argument) {
        if (!argument.isNative()) {
            throw new IllegalArgumentException("the argument is on the Java heap, which a native thread can't access, "
                    + "because the garbage collector moves objects: allocate it from an Arena");
        }
        if (!argument.scope().isAlive()) {
            throw new IllegalStateException("the memory of the argument was freed: its arena is closed");
        }
    }

    private NativeThread start(NativeFunction function, long argument, Lent lent) {
        requireCanRun(function);
        long code = function.address().address();
        ThreadSetup setup = setup(function);
        lent.keep(setup); // the thread reads its memory, even if this method fails
        NativeThread thread = new NativeThread(kind, lent, pool);
        try {
            ControlBlock block = thread.prepare(new StackGeometry(stackBytes, guardBytes, pages), code, argument);
            start(thread, block, setup);
            thread.publish();
            return thread;
        } catch (RuntimeException | Error failed) {
            thread.giveUp();
            throw failed;
        }
    }

    private void requireCanRun(NativeFunction function) {
        if (kind == Kind.POSIX && !hasCreatedPosix) {
            StackRoom.requireMuch(); // for the initialization of PosixThread and its calls
        }
        if (!function.address().scope().isAlive()) {
            throw new IllegalStateException("the library of " + function + " was unloaded: the arena of its "
                    + "SymbolLookup is closed");
        }
        if (function.isJava() && kind != Kind.POSIX) {
            throw new IllegalArgumentException(function + " is in Java, which needs a thread that libc creates: use "
                    + "builder().kind(Kind.POSIX)");
        }
        if (kind == Kind.POSIX && stackBytes < PosixThread.leastStackBytes()) {
            throw new IllegalArgumentException("libc requires a stack of at least " + PosixThread.leastStackBytes()
                    + " bytes for a thread of Kind.POSIX, not " + stackBytes);
        }
        if (function.isJava() && stackBytes < LEAST_STACK_FOR_JAVA) {
            throw new IllegalArgumentException(function + " is in Java, which needs a stack of at least "
                    + LEAST_STACK_FOR_JAVA + " bytes, not " + stackBytes + ": with less, the JVM ends the process");
        }
    }

    private void start(NativeThread thread, ControlBlock block, ThreadSetup setup) {
        setup.prepare(block, /* awaited */ kind == Kind.POSIX);
        StackRoom.require();
        // No call, but an assignment: what follows a clone must not fail.
        thread.tid = kind == Kind.POSIX ? pthreadCreate(block, setup) : clone(block);
        setup.await(block);
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
            // this may be an error of rt_sigprocmask, which the same downcall makes first
            throw new SyscallException("clone", tid, hex(CloneFlags.BITS), hex(block.slot().exit().address()));
        }
        return (int) tid;
    }

    private static int pthreadCreate(ControlBlock block, ThreadSetup setup) {
        PosixThread thread = new PosixThread(block);
        ExitWatcher.watch(thread);
        try {
            thread.create();
        } finally {
            if (!thread.isCreated()) {
                ExitWatcher.forget(thread);
            }
        }
        hasCreatedPosix = true;
        setup.await(block); // until the thread has written its tid
        return block.tid();
    }

    private ThreadSetup setup(NativeFunction function) {
        ThreadSetup setup = new ThreadSetup();
        if (function.isJava()) { // with its creator's name, it would be mistaken for it in Java's tools
            setup.attach(name != null ? name : "linen-" + NUMBER.incrementAndGet());
        } else if (name != null) {
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
                ExitWatcher.initialize();
                ThreadExit.initialize();
                FaultLog.initialize();
                StackRoom.setInitialized();
                initialized = true; // only now: a full heap may have stopped it
            }
            ExitWatcher.ensureRunning();
            FaultHandler.Notice notice = FaultHandler.look();
            if (notice != null) {
                FaultLog.report(notice);
            }
        }
    }

    private static long zone(long kibibytes) {
        return StackGeometry.roundUp(kibibytes << 10, Mapping.pageSize());
    }
}
