package dev.linen.thread;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A fault as an event of JDK Flight Recorder: {@code jfr print --events dev.linen.NativeFault recording.jfr}. */
@Name("dev.linen.NativeFault")
@Label("Native Fault")
@Category("linen")
@Description("A fault ended a native thread of linen's, or it was killed")
@StackTrace(false)
final class FaultEvent extends Event {

    @Label("Thread Id")
    int tid;

    @Label("Signal")
    String signal = "";

    @Label("Code")
    String code = "";

    @Label("Address")
    long address;

    @Label("Function")
    String function = "";

    @Label("Cause")
    String cause = "";

    @Label("Report")
    String report = "";

    static void commit(ThreadFault fault) {
        FaultEvent event = new FaultEvent();
        if (event.shouldCommit()) {
            event.tid = fault.tid();
            event.signal = fault.signal();
            event.code = fault.code();
            event.address = fault.address();
            event.function = fault.location().toString();
            event.cause = fault.cause().toString();
            event.report = fault.report();
            event.commit();
        }
    }
}
