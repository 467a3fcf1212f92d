package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.FaultEntry;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_before;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_mark;
import dev.linen.internal.linux.siginfo;
import dev.linen.internal.linux.siginfo_t;
import dev.linen.memory.Peek;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The signal handler of {@code fault.c}, in front of the JVM's, for the signals that an instruction can raise.
 *
 * <pre>
 *   kernel ──> linen_handler ──on a linen thread────> the thread ends
 *                    └─────────on any other thread──> the handler that was there before: the JVM's
 * </pre>
 *
 * <p>It is installed by {@code rt_sigaction} itself, with the flags and the mask of the handler before it, and
 * SA_ONSTACK: an overflown stack has no room for a signal frame. Java threads have no signal stack, so nothing changes
 * for them.
 *
 * <p>A handler that is installed later would be called first, on linen's threads too, where it must not use
 * thread-local storage. Therefore linen's handler is put in front of it again, for a bounded number of times: two
 * libraries that both insist on being first would never end. A handler of another copy of linen may stay in front,
 * because it contains faults as well.
 */
public final class FaultHandler {

    static final String PROPERTY = "dev.linen.faults";

    /** Those that an instruction can raise, in the order in which they are likely. */
    public static final List<Integer> SIGNALS = List.of(Kernel.SIGSEGV, Kernel.SIGBUS, Kernel.SIGFPE, Kernel.SIGILL,
            Kernel.SIGTRAP);

    /** A look takes five system calls, which not every start should pay for. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often the handlers are put in front again, at most. */
    static final int MOST_REINSTALLATIONS = 16;

    private enum Mode {
        /** Installed, and again when it has been replaced. */
        ON,
        /** Installed once. */
        ONCE, OFF
    }

    /**
     * Something to be logged. Not here: a logger is user's code, which must not run under a lock, nor while this class
     * is being initialized.
     *
     * @param level how important it is
     * @param text for people
     */
    public record Notice(Level level, String text) {}

    private static final VarHandle KILL = ValueLayout.JAVA_INT.varHandle();

    private static final Mode MODE = mode(System.getProperty(PROPERTY, "on"));

    private static volatile boolean installed;
    private static volatile boolean hasKilled;
    private static volatile long nextLookNanoTime;

    // Guarded by the class.
    private static boolean modeReported;
    private static boolean replaced;
    private static int reinstallations;

    private FaultHandler() {}

    private static Mode mode(String value) {
        return switch (value) {
            case "off" -> Mode.OFF;
            case "once" -> Mode.ONCE;
            default -> Mode.ON; // "reinstall" was its name when it wasn't the default
        };
    }

    /** Whether faults are not contained, because the property says so. */
    public static boolean isOff() {
        return MODE == Mode.OFF;
    }

    /** Whether the handler has been installed, which the first thread does. */
    public static boolean isInstalled() {
        return installed;
    }

    /** Whether the kernel calls linen's handler first, for all signals. Asks the kernel. */
    public static boolean isInFront() {
        return missing().isEmpty();
    }

    /**
     * To be called before each start of a thread whose faults are to be contained.
     *
     * @return what is to be logged; null if there is nothing
     */
    public static @Nullable Notice beforeStart() {
        if (MODE == Mode.OFF) {
            return null;
        }
        if (!installed) {
            installAll();
            nextLookNanoTime = System.nanoTime() + LOOK_NANOS;
            return modeNotice();
        }
        return System.nanoTime() - nextLookNanoTime >= 0 ? look() : null;
    }

    private static synchronized @Nullable Notice modeNotice() {
        String value = System.getProperty(PROPERTY, "on");
        if (modeReported || List.of("on", "once", "off", "reinstall").contains(value)) {
            return null;
        }
        modeReported = true;
        return new Notice(Level.WARNING, PROPERTY + " is on, once or off, not \"" + value + "\": taken for on");
    }

    /**
     * Looks whether the handlers are still in front, and puts them there again.
     *
     * @return what is to be logged; null if there is nothing
     */
    public static synchronized @Nullable Notice look() {
        if (!installed) {
            return null;
        }
        nextLookNanoTime = System.nanoTime() + LOOK_NANOS;
        List<Integer> missing = missing();
        if (missing.isEmpty()) {
            replaced = false;
            return null;
        }
        String names = names(missing);
        if (MODE == Mode.ON && reinstallations < MOST_REINSTALLATIONS) {
            reinstallations++;
            for (int signal : missing) {
                install(signal);
            }
            return new Notice(Level.INFO, "another library has installed handlers of " + names
                    + "; linen's are in front of them again");
        }
        if (replaced) {
            return null;
        }
        replaced = true;
        return new Notice(Level.WARNING, "another library has replaced linen's handlers of " + names
                + ": a fault on a native thread is contained only if the new ones call those before them"
                + (MODE == Mode.ONCE ? "; without -D" + PROPERTY + "=once, linen's are put in front again" : ""));
    }

    /**
     * Sends the signal that ends a thread. If the thread has ended meanwhile, nothing happens, even if another thread
     * has its tid.
     *
     * @param control its struct linen_control
     * @throws UnsupportedOperationException if linen's handler isn't in front: the signal would end the process
     */
    public static void kill(MemorySegment control, int tid) {
        if (!installed || !isOurs(Kernel.SIGTRAP)) {
            throw new UnsupportedOperationException("thread " + tid
                    + " can't be killed, because linen's signal handler "
                    + (isOff() ? "is off (" + PROPERTY + ")" : "was replaced") + ": the signal would end the process");
        }
        if (!hasKilled) {
            StackRoom.requireMuch(); // for the initialization of siginfo
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(siginfo_t.layout());
            siginfo.si_signo(info, Kernel.SIGTRAP);
            siginfo.si_code(info, LinenH.LINEN_KILL);
            long pid = Syscall.invoke(SyscallNumber.GETPID);
            StackRoom.require(); // an error between the two would let the next signal end the thread
            KILL.getAndAdd(control, linen_control.kill$offset(), 1);
            long result = Syscall.invoke(SyscallNumber.RT_TGSIGQUEUEINFO, pid, tid, Kernel.SIGTRAP, info.address());
            if (Syscall.isError(result) && result != Errno.ESRCH.result()) {
                KILL.getAndAdd(control, linen_control.kill$offset(), -1); // or the next signal would end the thread
                throw new SyscallException("rt_tgsigqueueinfo", result, pid, tid, "SIGTRAP", "{LINEN_KILL}");
            }
        }
        hasKilled = true;
    }

    private static synchronized void installAll() {
        if (!installed) {
            FaultEntry.setProcess((int) Syscall.invoke(SyscallNumber.GETPID));
            for (int signal : SIGNALS) {
                install(signal);
            }
            installed = true;
        }
    }

    /** Writes down the handler to call before it installs linen's: that may be called at once. */
    private static void install(int signal) {
        SignalAction before = SignalAction.of(signal);
        SignalAction found = before;
        while (found.handler() != FaultEntry.handler()) { // again, if another thread has installed one in between
            before = found;
            remember(signal, before);
            long kept = before.flags() & ~(Kernel.SA_RESETHAND | Kernel.SA_RESTORER) & 0xFFFFFFFFL;
            long flags = kept | Kernel.SA_SIGINFO | Kernel.SA_ONSTACK
                    | (FaultEntry.restorer() == 0 ? 0 : Kernel.SA_RESTORER);
            found = new SignalAction(FaultEntry.handler(), flags, FaultEntry.restorer(), before.mask()).install(signal);
            if (found.isSameAs(before)) {
                return;
            }
        }
    }

    /** The handler after its flags, because linen's handler may be running: it reads the handler first. */
    private static void remember(int signal, SignalAction action) {
        MemorySegment before = FaultEntry.before(signal);
        linen_before.flags(before, action.flags());
        VarHandle.releaseFence(); // no setRelease, whose first call would delay the first start
        linen_before.handler(before, action.handler());
        if (!installed) {
            linen_before.first_flags(before, action.flags());
            VarHandle.releaseFence();
            linen_before.first_handler(before, action.handler());
        }
    }

    private static List<Integer> missing() {
        List<Integer> missing = new ArrayList<>();
        for (int signal : SIGNALS) {
            if (!isOurs(signal)) {
                missing.add(signal);
            }
        }
        return missing;
    }

    /** Whether the handler is this linen's, or that of another copy of linen, which contains faults as well. */
    private static boolean isOurs(int signal) {
        long handler = SignalAction.of(signal).handler();
        return handler == FaultEntry.handler() || isMarked(handler);
    }

    private static boolean isMarked(long handler) {
        byte[] mark = new byte[(int) linen_mark.sizeof()];
        return Peek.read(handler - mark.length, mark) && MemorySegment.ofArray(mark).get(
                ValueLayout.JAVA_LONG_UNALIGNED, linen_mark.magic$offset()) == LinenH.LINEN_HANDLER_MAGIC;
    }

    private static String names(List<Integer> signals) {
        List<String> names = new ArrayList<>();
        for (int signal : signals) {
            names.add(SignalNames.signal(signal) + " (now " + hex(SignalAction.of(signal).handler()) + ")");
        }
        return String.join(", ", names);
    }
}
