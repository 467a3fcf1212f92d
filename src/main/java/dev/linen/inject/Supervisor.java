package dev.linen.inject;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.inject.InjectionUnavailableException.Reason;
import dev.linen.inject.LibcText.Piece;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.binding.SuperviseEntry;
import dev.linen.internal.binding.Trampoline;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_inject;
import dev.linen.internal.linux.linen_pending;
import dev.linen.internal.linux.linen_rule;
import dev.linen.internal.linux.linen_text;
import dev.linen.internal.registry.KeptDescriptors;
import dev.linen.internal.registry.KeptMemory;
import dev.linen.internal.registry.KeptThreads;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.thread.NativeThread;

/**
 * The supervisor of this process's system calls: the native threads that run {@code inject.c}, and the memory that they
 * share with Java. It is installed once, by the first use, and stays until the process ends. All that it needs exists
 * before the filter does, since nothing can undo that: the second native thread, and the watcher of the first.
 *
 * <pre>
 *   linen_inject   what both sides tell each other
 *   texts          libc's code
 *   rules          64 slots, edited live
 *   pending        calls that are put aside
 *   strangers      tids that aren't Java threads'
 *
 *   log            the recorded calls, one after another; emptied when there is no reader
 * </pre>
 */
final class Supervisor {

    /** The size of the log in MiB. Only what is used takes memory. */
    static final String LOG_PROPERTY = "dev.linen.inject.logMiB";

    private static final long DEFAULT_LOG_MIB = 512;
    private static final long MIB = 1 << 20;
    private static final long LARGEST_PAGE = 64 << 10;

    /** A supervisor has buffers of 50 KiB on its stack. */
    private static final long STACK_BYTES = 256 << 10;

    /** How long a caller is held for its stack. It is over earlier, unless all Java threads are stopped meanwhile. */
    private static final long STACK_NANOS = 1_000_000_000;

    private static final long RETRY_NANOS = 10_000_000;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final Object LOCK = new Object();

    private static @Nullable Supervisor installed; // guarded by LOCK
    private static @Nullable Refusal refused; // guarded by LOCK

    /** Why it couldn't be installed: it won't be tried again. */
    private record Refusal(Reason reason, String message) {}

    private final MemorySegment shared;
    private final MemorySegment pending;
    private final MemorySegment[] slotMemory = new MemorySegment[LinenH.LINEN_RULES];
    private final MemorySegment strangers;
    private final MemorySegment one;
    private final Mapping log;
    private final Futex running;
    private final Futex go;
    private final Futex installation;
    private final Futex turn;
    private final Futex done;
    private final Futex held;
    private final NativeFunction supervise;
    private final int bell;
    private volatile @Nullable Succession succession;
    private long slots; // guarded by this
    private int readers; // guarded by this

    /** Returns the supervisor of this process, which it installs if there is none yet. */
    static Supervisor get() {
        return get(null);
    }

    /**
     * Like {@link #get()}.
     *
     * @param files where what is shared, and the log, are to be; or null: only in memory
     */
    static Supervisor get(@Nullable RecordFiles files) {
        synchronized (LOCK) {
            if (installed != null && files != null) {
                throw new IllegalStateException(
                        "the log is already elsewhere: system calls have been supervised before");
            }
            Supervisor supervisor = installed;
            if (supervisor == null) {
                if (refused != null) {
                    throw new InjectionUnavailableException(refused.reason(), refused.message());
                }
                StackRoom.requireMuch();
                try {
                    supervisor = new Supervisor(files);
                    try {
                        supervisor.install();
                    } finally {
                        if (supervisor.hasFilter()) {
                            installed = supervisor; // whatever happened afterwards: calls wait for it
                        } else {
                            closeDescriptors(supervisor.shared);
                        }
                    }
                } catch (InjectionUnavailableException unavailable) {
                    refused = new Refusal(unavailable.reason(), String.valueOf(unavailable.getMessage()));
                    throw unavailable;
                }
            }
            return supervisor;
        }
    }

    private Supervisor(@Nullable RecordFiles files) {
        Trampoline.unavailableReason().ifPresent(reason -> {
            throw new InjectionUnavailableException(Reason.NO_LINEN, reason);
        });
        requireRandomAddresses();
        List<Piece> libc = LibcText.pieces();
        long bytes = linen_inject.sizeof() + LinenH.LINEN_TEXTS * linen_text.sizeof()
                + LinenH.LINEN_RULES * linen_rule.sizeof() + LinenH.LINEN_PENDINGS * linen_pending.sizeof()
                + (long) LinenH.LINEN_STRANGERS * Integer.BYTES + Long.BYTES;
        Mapping memory = files == null ? Mapping.anonymous(bytes) : files.mapShared(bytes);
        KeptMemory.add(this, memory.address(), bytes);
        long logBytes = Long.getLong(LOG_PROPERTY, DEFAULT_LOG_MIB) * MIB;
        log = files == null
                ? Mapping.anonymous(logBytes, Protection.READ_WRITE, MapFlags.PRIVATE.with(MapFlags.NORESERVE))
                : files.mapLog(logBytes);
        KeptMemory.add(log, log.address(), log.byteSize());
        MemorySegment all = memory.segment();
        shared = all.asSlice(0, linen_inject.sizeof());
        MemorySegment texts = behind(all, shared, LinenH.LINEN_TEXTS * linen_text.sizeof());
        MemorySegment rules = behind(all, texts, LinenH.LINEN_RULES * linen_rule.sizeof());
        for (int i = 0; i < slotMemory.length; i++) {
            // Not linen_rule.asSlice, which is all from there on: a slot is filled with zeros.
            slotMemory[i] = rules.asSlice(i * linen_rule.sizeof(), linen_rule.sizeof());
        }
        pending = behind(all, rules, LinenH.LINEN_PENDINGS * linen_pending.sizeof());
        strangers = behind(all, pending, (long) LinenH.LINEN_STRANGERS * Integer.BYTES);
        one = behind(all, strangers, Long.BYTES);
        one.set(ValueLayout.JAVA_LONG, 0, 1);
        for (int i = 0; i < libc.size(); i++) {
            linen_text.begin(linen_text.asSlice(texts, i), libc.get(i).begin());
            linen_text.end(linen_text.asSlice(texts, i), libc.get(i).end());
        }
        linen_inject.texts(shared, texts.address());
        linen_inject.rules(shared, rules.address());
        linen_inject.pending(shared, pending.address());
        linen_inject.strangers(shared, strangers.address());
        linen_inject.log(shared, log.address());
        linen_inject.log_bytes(shared, log.byteSize());
        linen_inject.log_room(shared, files == null ? log.byteSize() : 0);
        linen_inject.process(shared, (int) Syscall.invoke(SyscallNumber.GETPID));
        linen_inject.stack_nanos(shared, STACK_NANOS);
        openDescriptors(shared, files);
        bell = linen_inject.bell(shared);
        running = Futex.ofPrivate(shared.asSlice(linen_inject.running$offset()));
        go = Futex.ofPrivate(shared.asSlice(linen_inject.go$offset()));
        installation = Futex.ofPrivate(shared.asSlice(linen_inject.installed$offset()));
        turn = Futex.ofPrivate(shared.asSlice(linen_inject.turn$offset()));
        done = Futex.ofPrivate(shared.asSlice(linen_inject.done$offset()));
        held = Futex.ofPrivate(shared.asSlice(linen_inject.held$offset()));
        supervise = NativeFunction.ofAddress(SuperviseEntry.address());
    }

    private static void openDescriptors(MemorySegment shared, @Nullable RecordFiles files) {
        linen_inject.listener(shared, -1);
        linen_inject.poller(shared, -1);
        linen_inject.maps(shared, -1);
        linen_inject.bell(shared, -1);
        linen_inject.log_file(shared, -1);
        boolean complete = false;
        try {
            linen_inject.maps(shared, openMaps());
            linen_inject.bell(shared,
                    (int) check("eventfd2", Syscall.invoke(SyscallNumber.EVENTFD2, 0, Kernel.O_CLOEXEC)));
            if (files != null) {
                linen_inject.log_file(shared, files.openLog());
            }
            complete = true;
        } finally {
            if (!complete) {
                closeDescriptors(shared);
            }
        }
    }

    private static int openMaps() {
        try (Arena arena = Arena.ofConfined()) {
            return (int) check("openat", Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD,
                    arena.allocateFrom("/proc/self/maps").address(), Kernel.O_RDONLY | Kernel.O_CLOEXEC));
        }
    }

    /** All that are open: the first supervisor opens the last two. */
    private static IntStream descriptors(MemorySegment shared) {
        return IntStream.of(linen_inject.maps(shared), linen_inject.bell(shared), (int) linen_inject.log_file(shared),
                linen_inject.poller(shared), linen_inject.listener(shared)).filter(descriptor -> descriptor >= 0);
    }

    private static void closeDescriptors(MemorySegment shared) {
        descriptors(shared).forEach(descriptor -> Syscall.invoke(SyscallNumber.CLOSE, descriptor));
    }

    private boolean hasFilter() {
        return linen_inject.listener(shared) >= 0;
    }

    private void install() {
        Succession first = new Succession(start("linen-inject", /* predecessor */ 0), 1);
        succession = first;
        boolean ready = false;
        try {
            first.prepare();
            ready = true;
        } finally {
            decide(ready ? LinenH.LINEN_GO_INSTALL : LinenH.LINEN_GO_END);
            if (!ready) {
                first.abandon();
            }
        }
        int listener = linen_inject.listener(shared);
        if (listener < 0) {
            first.abandon();
            throw refusal(listener);
        }
        descriptors(shared).forEach(KeptDescriptors::add);
    }

    /** Lets the first supervisor begin or end, and waits until it does. */
    private void decide(int begin) {
        go.set(begin);
        go.wakeAll();
        while (installation.value() == 0) {
            installation.await(0);
        }
    }

    private static MemorySegment behind(MemorySegment all, MemorySegment previous, long bytes) {
        return all.asSlice(previous.address() + previous.byteSize() - all.address(), bytes);
    }

    private static long check(String call, long result) {
        if (Syscall.isError(result)) {
            throw new SyscallException(call, result);
        }
        return result;
    }

    private static void requireRandomAddresses() {
        long persona = Syscall.invoke(SyscallNumber.PERSONALITY, /* only asks */ 0xffffffffL);
        if (!Syscall.isError(persona) && (persona & Kernel.ADDR_NO_RANDOMIZE) != 0) {
            throw new InjectionUnavailableException(Reason.FIXED_ADDRESSES, "this process's addresses aren't "
                    + "randomized (setarch -R, or a debugger), so that its children would be stopped like itself");
        }
    }

    private static InjectionUnavailableException refusal(int result) {
        Errno errno = Errno.ofResult(result).orElseThrow();
        if (errno.equals(Errno.EBUSY)) {
            return new InjectionUnavailableException(Reason.ANOTHER_LISTENER, "seccomp: EBUSY, because another "
                    + "program or another copy of linen already supervises this process's system calls, and the kernel "
                    + "allows one listener: use a JVM of its own");
        }
        if (errno.equals(Errno.ESRCH)) {
            return new InjectionUnavailableException(Reason.THREAD_WITH_FILTER, "seccomp: ESRCH, because a thread of "
                    + "this JVM has a seccomp filter of its own, such as one of FailingSyscall: use a JVM of its own");
        }
        if (errno.equals(Errno.EINVAL)) {
            return new InjectionUnavailableException(Reason.OLD_KERNEL,
                    "seccomp: EINVAL, because this kernel is older than Linux 5.19");
        }
        if (errno.equals(Errno.ENOSYS)) {
            return new InjectionUnavailableException(Reason.NO_SECCOMP,
                    "seccomp: ENOSYS, because this kernel has no seccomp, as gVisor and qemu-user haven't");
        }
        return new InjectionUnavailableException(Reason.REFUSED, "seccomp: " + errno + ", a policy forbids it");
    }

    /** Starts a supervisor and waits until it runs: its first calls may need what the filter stops. */
    private NativeThread start(String name, long predecessor) {
        linen_inject.predecessor(shared, predecessor);
        running.set(0);
        NativeThread thread = NativeThread.builder().name(name).stackSize(STACK_BYTES)
                .start(supervise, shared);
        while (running.value() == 0) {
            running.await(0);
        }
        return thread;
    }

    /** A supervisor, and the one that waits for its end and takes its place. */
    private final class Succession {

        private final NativeThread serving;

        /** 1 for the first supervisor, and so on. */
        private final int number;
        private @Nullable NativeThread next;
        private boolean watched;
        private boolean ended; // guarded by this

        Succession(NativeThread serving, int number) {
            this.serving = serving;
            this.number = number;
        }

        /** The first call returns true. */
        private synchronized boolean ends() {
            boolean first = !ended;
            ended = true;
            return first;
        }

        /** May be called again after an error, such as that no thread can be created. */
        void prepare() {
            if (next == null) {
                next = start("linen-inject+", serving.handle());
            }
            if (!watched) {
                CompletableFuture<Void> _ = serving.onExit().handle((result, fault) -> {
                    if (ends() && linen_inject.listener(shared) >= 0) {
                        succeed(fault);
                    }
                    return null;
                });
                watched = true;
            }
            KeptThreads.add(serving.tid());
            KeptThreads.add(next.tid());
        }

        /**
         * The next one serves now, or does so soon. It gets a successor itself, as soon as there is a thread for one.
         * First: what comes afterwards may need calls that wait for a supervisor, and the next one may end, too.
         */
        private void succeed(@Nullable Throwable fault) {
            NativeThread successor = Objects.requireNonNull(next);
            Succession following = null;
            for (boolean prepared = false; !prepared;) {
                try {
                    following = following == null ? new Succession(successor, number + 1) : following;
                    following.prepare();
                    prepared = true;
                } catch (RuntimeException | Error noThread) {
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
            succession = following;
            for (int seen = turn.value(); seen <= number; seen = turn.value()) {
                turn.await(seen); // until it no longer reads this one's memory
            }
            // It may have found itself alone after its successor had begun.
            INT.setRelease(shared, linen_inject.alone$offset(), 0);
            KeptThreads.remove(serving.tid());
            serving.close();
            System.getLogger("dev.linen.inject").log(Level.WARNING,
                    "the supervisor of system calls ended; another one has taken its place", fault);
        }

        /** Both end, because there is no filter. */
        void abandon() {
            NativeThread second = next;
            KeptThreads.remove(serving.tid());
            if (second != null) {
                KeptThreads.remove(second.tid());
                second.close();
            }
            serving.close();
        }
    }

    /** Waits until the supervisor has seen what was changed, and no call is in work that began before. */
    void await() {
        int wanted = (int) INT.getAndAdd(shared, linen_inject.wanted$offset(), 1) + 1;
        ring();
        for (int seen = done.value(); seen - wanted < 0; seen = done.value()) {
            done.await(seen);
        }
    }

    private void ring() {
        Syscall.invoke(SyscallNumber.WRITE, bell, one.address(), one.byteSize());
    }

    // rules

    /** Takes a slot for a rule. */
    synchronized int takeSlot() {
        int slot = Long.numberOfTrailingZeros(~slots);
        if (slot >= LinenH.LINEN_RULES) {
            throw new IllegalStateException("there are " + LinenH.LINEN_RULES + " rules and recordings already in this "
                    + "JVM: close some, as a Faults or a Recording is closed by try-with-resources");
        }
        slots |= 1L << slot;
        return slot;
    }

    /** Returns a slot's memory. */
    MemorySegment slot(int slot) {
        return slotMemory[slot];
    }

    /** The supervisor reads the rest of a slot only if it is enabled. */
    synchronized void enable(int slot, boolean enabled) {
        INT.setRelease(slot(slot), linen_rule.enabled$offset(), enabled ? 1 : 0);
        publishUsed(slots);
    }

    synchronized void giveSlot(int slot) {
        long left = slots & ~(1L << slot);
        publishUsed(left);
        slots = left; // last: it must not be given twice if an error interrupts this
    }

    private void publishUsed(long used) {
        INT.setRelease(shared, linen_inject.rules_used$offset(), Long.SIZE - Long.numberOfLeadingZeros(used));
    }

    // the log

    /** Begins to read the log. Returns where the next event will be. */
    synchronized long openLog() {
        long next = head();
        readers++;
        return next;
    }

    /**
     * Ends reading; the reader's rule is out of force. Without readers nothing is recorded, so the log begins anew. Its
     * memory is given back before, without a lock: a reader that comes meanwhile reads only what is behind that.
     */
    void closeLog() {
        try {
            log.advise(0, used() / LARGEST_PAGE * LARGEST_PAGE, Advice.DONTNEED);
        } finally {
            synchronized (this) {
                readers--;
                if (readers == 0) {
                    LONG.setRelease(shared, linen_inject.head$offset(), 0L);
                }
            }
        }
    }

    /** Returns how much of the log only the caller reads; 0 if there are other readers. */
    private synchronized long used() {
        return readers == 1 ? head() : 0;
    }

    /** Where the next event will be: those before it are complete. */
    long head() {
        return (long) LONG.getAcquire(shared, linen_inject.head$offset());
    }

    /** How many events the log had no room for. */
    long lost() {
        return (long) LONG.getOpaque(shared, linen_inject.lost$offset());
    }

    MemorySegment log() {
        return log.segment();
    }

    // stacks

    MemorySegment pending(int index) {
        return linen_pending.asSlice(pending, index);
    }

    long pendingState(int index) {
        return (long) LONG.getAcquire(pending(index), linen_pending.state$offset());
    }

    /** Lets a held call go on. */
    void seen(int index, long token) {
        long state = token * 4 + LinenH.LINEN_PENDING_HELD;
        LONG.compareAndSet(pending(index), linen_pending.state$offset(), state,
                token * 4 + LinenH.LINEN_PENDING_SEEN);
        ring();
    }

    /** Declares a thread as one that has no Java stack. */
    void addStranger(int tid) {
        INT.setRelease(strangers, tid % LinenH.LINEN_STRANGERS * (long) Integer.BYTES, tid);
    }

    /** Its stack can be taken after all. */
    void removeStranger(int tid) {
        INT.compareAndSet(strangers, tid % LinenH.LINEN_STRANGERS * (long) Integer.BYTES, tid, 0);
    }

    Futex held() {
        return held;
    }

    // for tests and benchmarks

    /** The supervisor that answers now. */
    NativeThread serving() {
        return Objects.requireNonNull(succession).serving;
    }

    /** The rules that are in force, or will be. */
    synchronized long slots() {
        return slots;
    }

    long notifications() {
        return linen_inject.notifications(shared);
    }

    long foreign() {
        return linen_inject.foreign(shared);
    }
}
