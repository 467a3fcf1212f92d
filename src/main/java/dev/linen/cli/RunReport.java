package dev.linen.cli;

import java.nio.file.Path;
import java.util.Locale;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import dev.linen.thread.NativeThread;

/**
 * What became of a function that ran.
 *
 * @param function its name
 * @param library the file that it came from
 * @param tid the thread's kernel id
 * @param handle the thread's handle
 * @param result what the function returned
 * @param stackSize the stack's size in bytes
 * @param stackUsed the stack's high-water mark in bytes
 * @param nanos from before the start to after the join
 * @param sketch the stack buffer, drawn
 */
record RunReport(String function, Path library, int tid, long handle, long result, long stackSize, long stackUsed,
        long nanos, String sketch) {

    /** Reads the thread's stack, so the thread must still be open. */
    static RunReport of(String function, Path library, NativeThread thread, long result, long nanos) {
        return new RunReport(function, library, thread.tid(), thread.handle(), result, thread.stack().stackSize(),
                thread.stack().used(), nanos, thread.stack().sketch());
    }

    String text() {
        return sketch + String.format(Locale.ROOT, """

                function  %s (%s)
                tid       %d
                result    %s   signed %d   unsigned %s
                time      %.3f ms, start to join, in a JVM that has just begun
                stack     %d of %d bytes used
                """, function, library, tid, hex(result), result, Long.toUnsignedString(result), nanos / 1e6, stackUsed,
                stackSize);
    }

    String json() {
        JsonObject object = new JsonObject();
        object.addProperty("function", function);
        object.addProperty("library", library.toString());
        object.addProperty("tid", tid);
        object.addProperty("handle", hex(handle));
        object.addProperty("result", result);
        object.addProperty("hex", hex(result));
        object.addProperty("stackSize", stackSize);
        object.addProperty("stackUsed", stackUsed);
        object.addProperty("nanos", nanos);
        return new GsonBuilder().disableHtmlEscaping().create().toJson(object) + System.lineSeparator();
    }

    private static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }
}
