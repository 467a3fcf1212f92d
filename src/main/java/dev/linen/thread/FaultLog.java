package dev.linen.thread;

import java.lang.System.Logger.Level;

import dev.linen.internal.binding.Uncaught;
import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.helper.Aside;

/** Reports faults: each once to Flight Recorder, and those of threads that nobody joins to the log. Runs users' code. */
final class FaultLog {

    /** Made when there is something to say: to look for a logger runs the user's configuration of it. */
    private static final class Log {
        static final System.Logger LOGGER = System.getLogger("dev.linen.faults");
    }

    /** A JVM may be built without it; then the class of the event can't be loaded. */
    private static final boolean RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FaultLog() {}

    /** Initializes the classes that a report needs, see {@link ExitWatcher#initialize()}. */
    static void initialize() {
        Aside.initialize();
    }

    static void record(ThreadFault fault) {
        if (RECORDER) {
            FaultEvent.commit(fault);
        }
    }

    /** Reports what the signal handler's look has found. */
    static void report(FaultHandler.Notice notice) {
        Aside.run(() -> Log.LOGGER.log(notice.level(), notice.text()));
    }

    /** For the fault of a thread that was closed, detached or forgotten without a join. What the logger throws goes no further. */
    static void reportUnseen(ThreadFault fault) {
        try {
            record(fault);
            if (fault.cause() != FaultCause.KILLED) {
                Log.LOGGER.log(Level.WARNING, "{0}; nobody joined it", fault);
            }
        } catch (RuntimeException | Error ofTheLogger) {
            Uncaught.by(ofTheLogger);
        }
    }
}
