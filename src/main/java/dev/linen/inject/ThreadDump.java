package dev.linen.inject;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The JVM's own thread dump, which says which tid belongs to which Java thread, and what runs on a carrier thread. It
 * is the one of {@code jcmd PID Thread.print}, and is made at a safepoint.
 *
 * @param threads by tid
 */
record ThreadDump(Map<Integer, Entry> threads) {

    /** "main" #3 [2392] prio=5 ...; threads that aren't Java's have no number */
    private static final Pattern HEAD = Pattern.compile("^\".*\"(?: #(\\d+))?(?: \\[(\\d+)])? .*");

    /** Before Java 21, and in the lines of such threads. */
    private static final Pattern NID = Pattern.compile(" nid=(0x[0-9a-f]+|\\d+)");

    private static final String MOUNTED = "   Mounted virtual thread #";

    /** \tat java.lang.Thread.run(java.base@25.0.3/Thread.java:1474) */
    private static final Pattern FRAME = Pattern
            .compile("^\tat (.+)\\.([^.(]+)\\((?:[^/()]*/)*([^:/()]*)(?::(\\d+))?\\)$");

    /**
     * A thread of the JVM.
     *
     * @param id the Java thread's id; 0 for a thread that isn't Java's
     * @param mounted the stack of the virtual thread on it; empty without one, and before Java 23
     */
    record Entry(long id, List<StackTraceElement> mounted) {}

    /** Asks the JVM. Without the module java.management or jdk.management, the result is empty. */
    static ThreadDump take() {
        try {
            return parse(Management.threadPrint());
        } catch (IllegalStateException | NoClassDefFoundError | UnsupportedOperationException none) {
            return new ThreadDump(Map.of());
        }
    }

    /** A class of its own, because it can't be linked without the module java.management. */
    private static final class Management {

        static String threadPrint() {
            try {
                return (String) ManagementFactory.getPlatformMBeanServer().invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"), "threadPrint",
                        new Object[]{new String[0]}, new String[]{String[].class.getName()});
            } catch (JMException noCommand) {
                throw new IllegalStateException(noCommand);
            }
        }
    }

    static ThreadDump parse(String text) {
        Map<Integer, Entry> threads = new HashMap<>();
        List<StackTraceElement> mounted = new ArrayList<>();
        boolean inMounted = false;
        for (String line : text.lines().toList()) {
            if (line.startsWith("\"")) {
                Matcher head = HEAD.matcher(line);
                inMounted = false;
                Matcher nid = NID.matcher(line);
                if (head.matches() && (head.group(2) != null || nid.find())) {
                    mounted = new ArrayList<>();
                    int tid = Integer.decode(head.group(2) != null ? head.group(2) : nid.group(1));
                    threads.put(tid, new Entry(head.group(1) == null ? 0 : Long.parseLong(head.group(1)), mounted));
                }
            } else if (line.startsWith(MOUNTED)) {
                inMounted = true;
            } else if (inMounted && line.startsWith("\tat ")) {
                Matcher frame = FRAME.matcher(line);
                if (frame.matches()) {
                    mounted.add(element(frame));
                }
            }
        }
        return new ThreadDump(threads);
    }

    private static StackTraceElement element(Matcher frame) {
        String file = frame.group(3);
        boolean isNative = file.equals("Native Method");
        int line = isNative ? -2 : frame.group(4) == null ? -1 : Integer.parseInt(frame.group(4));
        return new StackTraceElement(frame.group(1), frame.group(2),
                isNative || file.equals("Unknown Source") ? null : file, line);
    }
}
