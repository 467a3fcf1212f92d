package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import dev.linen.internal.binding.FaultEntry;
import dev.linen.internal.binding.Uncaught;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_before;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.siginfo;
import dev.linen.internal.linux.siginfo_t;
import dev.linen.internal.linux.x86_64.Cpu;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Puts {@code fault.c}'s handler in front of the JVM's, for the signals that an instruction can raise.
 *
 * <pre>
 *   kernel ──> linen_handler ──on a linen thread──────> the thread ends
 *                    └─────────on any other───────────> who was there before: the JVM
 * </pre>
 *
 * <p>By {@code rt_sigaction} itself, with the flags and the mask of who was there before, and SA_ONSTACK: an overflown stack has no
 * room for a signal frame. Java threads have no signal stack, so for them nothing changes.
 */
public final class FaultHandler {

    static final String PROPERTY = "dev.linen.faults";

    /** In the order in which they are likely. */
    static final List<Integer> SIGNALS = List.of(Kernel.SIGSEGV, Kernel.SIGBUS, Kernel.SIGFPE, Kernel.SIGILL,
            Kernel.SIGTRAP);

    /** A look takes five system calls, which a start shouldn't pay for each time. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Made when there is something to say: looking for a logger costs the first thread of a JVM milliseconds. */
    private static final class Log {
        static final System.Logger LOGGER = System.getLogger("dev.linen.faults");
    }

    private enum Mode {
        /** Install once; when it is replaced, say so once. */
        ON,
        /** Install, and again when it is replaced. */
        REINSTALL, OFF
    }

    private static final Mode MODE = mode();

    private static final VarHandle KILL = ValueLayout.JAVA_INT.varHandle();

    private static volatile boolean installed;
    private static boolean replaced;
    private static volatile long nextLookNanoTime;

    private FaultHandler() {}

    private static Mode mode() {
        String value = System.getProperty(PROPERTY, "on");
        return switch (value) {
            case "on" -> Mode.ON;
            case "reinstall" -> Mode.REINSTALL;
            case "off" -> Mode.OFF;
            default -> {
                Log.LOGGER.log(Level.WARNING, "{0} is on, off or reinstall, not \"{1}\": taken for on", PROPERTY,
                        value);
                yield Mode.ON;
            }
        };
    }

    /** Whether faults are not to be contained: the property says so. */
    public static boolean isOff() {
        return MODE == Mode.OFF;
    }

    /** Whether the handler has been installed; so by the first thread. */
    public static boolean isInstalled() {
        return installed;
    }

    /** Whether the handler is the one that the kernel calls, for all signals: asks the kernel. */
    public static boolean isInFront() {
        return missing().isEmpty();
    }

    /** Before each start of a thread whose faults are to be contained. */
    public static void beforeStart() {
        if (MODE == Mode.OFF) {
            return;
        }
        long now = System.nanoTime();
        if (!installed) {
            installAll();
            nextLookNanoTime = now + LOOK_NANOS;
        } else if (now - nextLookNanoTime >= 0) {
            nextLookNanoTime = now + LOOK_NANOS;
            try {
                look();
            } catch (RuntimeException | Error ofTheLog) {
                Uncaught.by(ofTheLog);
            }
        }
    }

    static boolean isInstalled(int signal) {
        return installed && SignalAction.of(signal).handler() == FaultEntry.handler();
    }

    /**
     * Sends the signal that ends a thread. If the thread has ended meanwhile, nothing happens, even if another thread has its tid.
     *
     * @param control its struct linen_control
     */
    public static void kill(MemorySegment control, int tid) {
        if (!isInstalled(Kernel.SIGTRAP)) {
            throw new UnsupportedOperationException(
                    "thread " + tid + " can't be killed: linen's signal handler isn't there, "
                            + (MODE == Mode.OFF ? PROPERTY + " is off" : "somebody has replaced it")
                            + "; the signal would end the process");
        }
        KILL.setRelease(control, linen_control.kill$offset(), 1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(siginfo_t.layout());
            siginfo.si_signo(info, Kernel.SIGTRAP);
            siginfo.si_code(info, LinenH.LINEN_KILL);
            long pid = Syscall.invoke(SyscallNumber.GETPID);
            long result = Syscall.invoke(SyscallNumber.RT_TGSIGQUEUEINFO, pid, tid, Kernel.SIGTRAP, info.address());
            if (Syscall.isError(result) && result != Errno.ESRCH.result()) {
                throw new SyscallException("rt_tgsigqueueinfo", result, pid, tid, "SIGTRAP", "{LINEN_KILL}");
            }
        }
    }

    private static synchronized void installAll() {
        if (!installed) {
            for (int signal : SIGNALS) {
                install(signal);
            }
            installed = true;
        }
    }

    /** The one to call is written down first: the handler may be called as soon as it is there. */
    private static void install(int signal) {
        SignalAction before = SignalAction.of(signal);
        SignalAction found = before;
        while (found.handler() != FaultEntry.handler()) { // again when somebody came in between
            before = found;
            remember(signal, before);
            long flags = (before.flags() & ~Kernel.SA_RESETHAND & 0xFFFFFFFFL) | Kernel.SA_SIGINFO
                    | Kernel.SA_ONSTACK
                    | Cpu.SA_RESTORER();
            found = new SignalAction(FaultEntry.handler(), flags, FaultEntry.restorer(), before.mask()).install(signal);
            if (found.isSameAs(before)) {
                return;
            }
        }
    }

    private static void remember(int signal, SignalAction action) {
        MemorySegment before = FaultEntry.before(signal);
        linen_before.flags(before, action.flags());
        linen_before.handler(before, action.handler());
        if (!installed) {
            linen_before.first_flags(before, action.flags());
            linen_before.first_handler(before, action.handler());
        }
    }

    private static List<Integer> missing() {
        return SIGNALS.stream().filter(signal -> !isInstalled(signal)).toList();
    }

    private static synchronized void look() {
        List<Integer> missing = missing();
        if (missing.isEmpty()) {
            replaced = false;
        } else if (MODE == Mode.REINSTALL) {
            missing.forEach(FaultHandler::install);
            Log.LOGGER.log(Level.INFO, "the handlers of {0} had been replaced: linen''s are in front again",
                    names(missing));
        } else if (!replaced) {
            replaced = true;
            Log.LOGGER.log(Level.WARNING,
                    "somebody has replaced linen''s handlers of {0}: a fault on a native thread is contained "
                            + "only if the new one calls the one before it; -D{1}=reinstall puts linen''s in front again",
                    names(missing), PROPERTY);
        }
    }

    private static String names(List<Integer> signals) {
        return signals.stream().map(signal -> SignalNames.signal(signal) + " (now "
                + hex(SignalAction.of(signal).handler()) + ")").collect(Collectors.joining(", "));
    }
}
