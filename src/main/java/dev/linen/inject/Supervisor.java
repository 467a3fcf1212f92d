package dev.linen.inject;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.inject.InjectionUnavailableException.Reason;
import dev.linen.inject.LibcText.Piece;
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
 * share with Java. It is installed once, by the first use, and stays until the process ends.
 *
 * <pre>
 *   linen_inject   what both sides tell each other
 *   texts          libc's code
 *   rules          64 slots, edited live
 *   pending        calls that are put aside
 *   strangers      tids that aren't Java threads'
 *
 *   log            the recorded calls, one after another; emptied when nobody reads it
 * </pre>
 */
final class Supervisor {

    /** The size of the log in MiB. Only what is used takes memory. */
    static final String LOG_PROPERTY = "dev.linen.inject.logMiB";

    private static final long DEFAULT_LOG_MIB = 512;
    private static final long MIB = 1 << 20;

    /** A supervisor has buffers of 50 KiB on its stack. */
    private static final long STACK_BYTES = 256 << 10;

    /** How long a caller is held for its stack. It is over earlier, unless all Java threads are stopped meanwhile. */
    private static final long STACK_NANOS = 1_000_000_000;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final Object LOCK = new Object();

    private static @Nullable Supervisor installed; // guarded by LOCK
    private static @Nullable Refusal refused; // guarded by LOCK

    /** Why it couldn't be installed: it won't be tried again. */
    private record Refusal(Reason reason, String message) {}

    private final MemorySegment shared;
    private final MemorySegment pending;
    private final MemorySegment rules;
    private final MemorySegment strangers;
    private final Mapping log;
    private final Futex done;
    private final Futex held;
    private final NativeFunction supervise;
    private final int bell;
    private volatile @Nullable NativeThread serving;
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
            if (installed == null) {
                if (refused != null) {
                    throw new InjectionUnavailableException(refused.reason(), refused.message());
                }
                try {
                    Supervisor first = new Supervisor(files);
                    installed = first; // whatever happens: the filter is there
                    first.follow(first.serving());
                } catch (InjectionUnavailableException unavailable) {
                    refused = new Refusal(unavailable.reason(), String.valueOf(unavailable.getMessage()));
                    throw unavailable;
                }
            }
            return installed;
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
                + (long) LinenH.LINEN_STRANGERS * Integer.BYTES;
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
        rules = behind(all, texts, LinenH.LINEN_RULES * linen_rule.sizeof());
        pending = behind(all, rules, LinenH.LINEN_PENDINGS * linen_pending.sizeof());
        strangers = behind(all, pending, (long) LinenH.LINEN_STRANGERS * Integer.BYTES);
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
        linen_inject.log_file(shared, files == null ? -1 : files.openLog());
        linen_inject.process(shared, (int) Syscall.invoke(SyscallNumber.GETPID));
        linen_inject.stack_nanos(shared, STACK_NANOS);
        bell = (int) check("eventfd2", Syscall.invoke(SyscallNumber.EVENTFD2, 0, Kernel.O_CLOEXEC));
        linen_inject.bell(shared, bell);
        KeptDescriptors.add(bell);
        done = Futex.ofPrivate(shared.asSlice(linen_inject.done$offset()));
        held = Futex.ofPrivate(shared.asSlice(linen_inject.held$offset()));
        supervise = NativeFunction.ofAddress(SuperviseEntry.address());
        NativeThread first = start("linen-inject", /* predecessor */ 0);
        int listener = linen_inject.listener(shared);
        if (listener < 0) {
            KeptThreads.remove(first.tid());
            first.close();
            throw refusal(listener);
        }
        KeptDescriptors.add(listener);
        serving = first;
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
        linen_inject.installed(shared, 0);
        Futex running = Futex.ofPrivate(shared.asSlice(linen_inject.installed$offset()));
        NativeThread thread = NativeThread.builder().name(name).stackSize(STACK_BYTES)
                .start(supervise, shared);
        KeptThreads.add(thread.tid());
        while (running.value() == 0) {
            running.await(0);
        }
        return thread;
    }

    /** Starts the next supervisor, which waits for the end of one, and takes its place. */
    private void follow(NativeThread predecessor) {
        NativeThread next = start("linen-inject+", predecessor.handle());
        serving = predecessor;
        CompletableFuture<Void> _ = predecessor.onExit().handle((result, fault) -> {
            follow(next); // first: what follows may need calls that wait for a supervisor, and that one may end, too
            KeptThreads.remove(predecessor.tid());
            predecessor.close();
            System.getLogger("dev.linen.inject").log(Level.WARNING,
                    "the supervisor of system calls ended; another one has taken its place", fault);
            return null;
        });
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
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            Syscall.invoke(SyscallNumber.WRITE, bell, one.address(), one.byteSize());
        }
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
        return linen_rule.asSlice(rules, slot);
    }

    /** The supervisor reads the rest of a slot only if it is enabled. */
    synchronized void enable(int slot, boolean enabled) {
        INT.setRelease(slot(slot), linen_rule.enabled$offset(), enabled ? 1 : 0);
        publishUsed();
    }

    synchronized void giveSlot(int slot) {
        slots &= ~(1L << slot);
        publishUsed();
    }

    private void publishUsed() {
        INT.setRelease(shared, linen_inject.rules_used$offset(), Long.SIZE - Long.numberOfLeadingZeros(slots));
    }

    // the log

    /** Begins to read the log. Returns where the next event will be. */
    synchronized long openLog() {
        readers++;
        return head();
    }

    /** Ends reading. Without readers, the log is emptied, and its memory given back. */
    synchronized void closeLog() {
        readers--;
        if (readers == 0) {
            linen_inject.reset(shared, 1);
            await();
            log.advise(Advice.DONTNEED);
        }
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
        return Objects.requireNonNull(serving);
    }

    long notifications() {
        return linen_inject.notifications(shared);
    }

    long foreign() {
        return linen_inject.foreign(shared);
    }
}
