package dev.linen.thread;

import java.lang.System.Logger.Level;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.binding.Uncaught;
import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.helper.Aside;

/**
 * Reports faults: each fault once to Flight Recorder, and faults of threads that no caller joined to the log. Runs user
 * code.
 */
final class FaultLog {

    /** Created on demand, because looking up a logger runs the user's configuration of it. */
    private static final class Log {
        static final System.Logger LOGGER = System.getLogger("dev.linen.faults");
    }

    /** A JVM may be built without this module, and then the class of the event can't be loaded. */
    private static final boolean RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private static volatile boolean recorded;

    private FaultLog() {}

    /** Initializes the classes that a report needs, see {@link ExitWatcher#initialize()}. */
    static void initialize() {
        Aside.initialize();
    }

    static void record(ThreadFault fault) {
        if (RECORDER) {
            if (!recorded) {
                StackRoom.requireMuch(); // for the initialization of FaultEvent
            }
            FaultEvent.commit(fault);
            recorded = true;
        }
    }

    /** Reports what a check of the signal handlers has found. */
    static void report(FaultHandler.Notice notice) {
        Aside.run(new Aside.Task() {
            @Override
            protected void work() {
                Log.LOGGER.log(notice.level(), notice.text());
            }
        });
    }

    /**
     * Reports the fault of a thread that was closed, detached or forgotten without a join. Exceptions of the logger are
     * handled here. If there is no heap for the report, it can be tried again.
     */
    static void reportUnseen(ThreadFault fault) {
        boolean killed = fault.cause() == FaultCause.KILLED;
        String text = killed ? "" : fault.toString();
        try {
            record(fault);
            if (!killed) {
                Log.LOGGER.log(Level.WARNING, "{0}; no caller joined it", text);
            }
        } catch (RuntimeException | Error ofTheLogger) {
            Uncaught.by(ofTheLogger);
        }
    }
}
