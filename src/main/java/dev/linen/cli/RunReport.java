package dev.linen.cli;

import static dev.linen.syscall.SyscallException.hex;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import picocli.CommandLine.Help.Ansi;

import dev.linen.thread.NativeThread;
import dev.linen.thread.StackBuffer;
import dev.linen.thread.ThreadFault;

/**
 * How a function ended, and the thread that it ran on.
 *
 * @param function the function's name
 * @param library the file that it came from
 * @param tid the thread's kernel id
 * @param handle the thread's handle
 * @param outcome what the function returned, or the fault that ended it
 * @param stackSize the stack's size in bytes
 * @param stackUsed the stack's high-water mark in bytes; -1 if it is unknown
 * @param nanos from before the start to after the join
 * @param sketch the stack buffer, drawn
 */
record RunReport(String function, Path library, int tid, long handle, Outcome outcome, long stackSize, long stackUsed,
        long nanos, String sketch) {

    /** Reads the thread's stack, so the thread must still be open. */
    static RunReport of(String function, Path library, NativeThread thread, Outcome outcome, long nanos) {
        return new RunReport(function, library, thread.tid(), thread.handle(), outcome, thread.stack().stackSize(),
                used(thread.stack()), nanos, thread.stack().sketch());
    }

    private static long used(StackBuffer stack) {
        try {
            return stack.used();
        } catch (UnsupportedOperationException unknown) {
            return -1;
        }
    }

    String text(Ansi ansi) {
        String end = switch (outcome) {
            case Outcome.Result(long value, ResultType type) -> "result    " + type.text(value);
            case Outcome.TimedOut(Duration limit, boolean killed) -> "result    none after " + limit.toMillis() + " ms"
                    + (killed ? ": killed" : ": it still runs, and can't be killed");
            case Outcome.Fault(ThreadFault fault) -> "fault     " + fault.cause() + ", as follows";
        };
        return Colours.paint(sketch, ansi) + Columns.fit(String.format(Locale.ROOT, """

                function  %s (%s)
                tid       %d
                %s
                time      %.3f ms, start to join, in a JVM that has just begun
                stack     %s of %d bytes used
                """, function, library, tid, end, nanos / 1e6, stackUsed < 0 ? "an unknown part" : stackUsed,
                stackSize), Columns.AVAILABLE)
                + (outcome instanceof Outcome.Fault(ThreadFault fault)
                        ? "\n" + Colours.paint(Columns.fit(fault.report(), Columns.AVAILABLE), ansi)
                        : "");
    }

    String json() {
        JsonObject object = new JsonObject();
        object.addProperty("function", function);
        object.addProperty("library", library.toString());
        object.addProperty("tid", tid);
        object.addProperty("handle", hex(handle));
        switch (outcome) {
            case Outcome.Result(long value, ResultType type) -> {
                Number number = type.number(value);
                if (Double.isFinite(number.doubleValue())) {
                    object.addProperty("result", number);
                } else { // JSON has no such numbers
                    object.addProperty("result", number.toString());
                }
                object.addProperty("hex", type.bits(value));
            }
            case Outcome.TimedOut(Duration limit, boolean killed) -> {
                object.addProperty("timeoutMillis", limit.toMillis());
                object.addProperty("killed", killed);
            }
            case Outcome.Fault(ThreadFault fault) -> object.add("fault", json(fault));
        }
        object.addProperty("stackSize", stackSize);
        object.addProperty("stackUsed", stackUsed);
        object.addProperty("nanos", nanos);
        return new GsonBuilder().disableHtmlEscaping().create().toJson(object) + System.lineSeparator();
    }

    private static JsonObject json(ThreadFault fault) {
        JsonObject object = new JsonObject();
        object.addProperty("signal", fault.signal());
        object.addProperty("code", fault.code());
        object.addProperty("address", hex(fault.address()));
        object.addProperty("function", fault.location().function());
        object.addProperty("file", fault.location().file());
        object.addProperty("cause", fault.cause().toString());
        object.addProperty("explanation", fault.explanation());
        JsonObject registers = new JsonObject();
        fault.registers().forEach((name, value) -> registers.addProperty(name, hex(value)));
        object.add("registers", registers);
        JsonArray backtrace = new JsonArray();
        fault.backtrace().forEach(frame -> backtrace.add(frame.toString()));
        object.add("backtrace", backtrace);
        return object;
    }
}
