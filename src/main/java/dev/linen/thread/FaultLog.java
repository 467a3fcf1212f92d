package dev.linen.thread;

import java.lang.System.Logger.Level;
import java.util.Optional;

import dev.linen.internal.binding.Uncaught;

/** Tells of faults: each once to Flight Recorder, and those that nobody joins to the log. */
final class FaultLog {

    private static final System.Logger LOG = System.getLogger("dev.linen.faults");

    /** A JVM may be built without it; then the class of the event can't be loaded. */
    private static final boolean RECORDER = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FaultLog() {}

    static void record(ThreadFault fault) {
        if (RECORDER) {
            FaultEvent.commit(fault);
        }
    }

    /**
     * The fault of a thread that was closed or detached without a join: read before its stack goes to the next one. Calls nobody
     * else's code, and never fails: with the heap full, a fault is lost.
     */
    static Optional<ThreadFault> unseen(StackSlot slot, Lent lent) {
        try {
            return slot.hasFault() && lent.seeFault() ? Optional.of(FaultReader.read(slot, lent)) : Optional.empty();
        } catch (RuntimeException | Error unreadable) {
            return Optional.empty();
        }
    }

    /** Tells of it. Runs the user's code, his log's: nothing may be locked, and what it throws is nobody else's trouble. */
    static void tellUnseen(ThreadFault fault) {
        try {
            record(fault);
            if (fault.cause() != FaultCause.KILLED) {
                LOG.log(Level.WARNING, "{0}; nobody joined it", fault);
            }
        } catch (RuntimeException | Error ofTheLog) {
            Uncaught.by(ofTheLog);
        }
    }
}
