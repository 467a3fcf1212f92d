package dev.linen.thread;

import java.lang.System.Logger.Level;

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

    /** Before a stack goes to the next thread: its last one may have been closed or detached without a join. */
    static void tellUnseen(StackSlot slot, Lent lent) {
        if (slot.hasFault() && lent.seeFault()) {
            ThreadFault fault = FaultReader.read(slot, lent);
            record(fault);
            if (fault.cause() != FaultCause.KILLED) {
                LOG.log(Level.WARNING, "{0}; nobody joined it", fault);
            }
        }
    }
}
