package dev.linen.junit;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

import dev.linen.internal.registry.KeptMemory.Range;

/**
 * Asks the JVM about its threads and about memory that it maps while it runs, with the diagnostic commands that
 * {@code jcmd} sends.
 */
final class JvmResources {

    /** A line of VM.metaspace for memory that was reserved for class data. */
    private static final Pattern RESERVED = Pattern
            .compile("node #\\d+: base 0x([0-9a-f]+): reserved=([0-9.]+) (\\w+)");
    private static final String UNITS = "BKMG";

    /** In GC.heap_info: the first and the last address of a part of the heap, and maybe how far it is used. */
    private static final Pattern HEAP = Pattern.compile("\\[0x([0-9a-f]+), ?(?:0x[0-9a-f]+, ?)?0x([0-9a-f]+)\\)");

    /** A line of Thread.print: a Java thread has an id in Java. */
    private static final Pattern THREAD = Pattern.compile(
            "\"(?<name>.*)\" (?:#(?<id>\\d+) )?.*\\bnid=(?<tid>0x[0-9a-f]+|\\d+)\\b.*");

    /** A line of Thread.dump_to_file. */
    private static final Pattern VIRTUAL = Pattern.compile("#(?<id>\\d+) \"(?<name>.*)\" virtual\\b.*");

    /** In the top group. Others in it, such as "main", are a program's. */
    private static final Set<String> JDK_GROUPS = Set.of("InnocuousThreadGroup", "CarrierThreads",
            "InnocuousForkJoinWorkerThreadGroup");

    /** A virtual thread of the JDK: it waits for sockets that other virtual threads read and write. */
    private static final String POLLER = "sun.nio.ch.Poller.subPollerLoop";

    private JvmResources() {}

    /** The JVM can't be asked. */
    static final class Unknown extends Exception {

        private static final long serialVersionUID = 1;

        Unknown(Throwable cause) {
            super("the JVM can't be asked which of them are its own (" + cause
                    + "): it needs the module jdk.management", cause);
        }
    }

    private static String ask(String command, String... arguments) throws Unknown {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer().invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"), command, new Object[]{arguments},
                    new String[]{String[].class.getName()});
        } catch (JMException | NoClassDefFoundError | UnsupportedOperationException refused) {
            throw new Unknown(refused);
        }
    }

    /** Returns the addresses of the Java heap. None if it is a file in memory, as that of ZGC. */
    static Ranges javaHeap() throws Unknown {
        List<Range> ranges = new ArrayList<>();
        Matcher part = HEAP.matcher(ask("gcHeapInfo"));
        while (part.find()) {
            ranges.add(new Range(Long.parseUnsignedLong(part.group(1), 16), Long.parseUnsignedLong(part.group(2), 16)));
        }
        return new Ranges(ranges);
    }

    /** Returns the memory that is reserved for class data. The JVM reserves more when it has loaded many classes. */
    static Ranges classData() throws Unknown {
        List<Range> ranges = new ArrayList<>();
        Matcher node = RESERVED.matcher(ask("vmMetaspace", "vslist"));
        while (node.find()) {
            long start = Long.parseUnsignedLong(node.group(1), 16);
            int unit = UNITS.indexOf(Character.toUpperCase(node.group(3).charAt(0)));
            ranges.add(new Range(start, start + (long) (Double.parseDouble(node.group(2)) * (1L << (10 * unit)))));
        }
        return new Ranges(ranges);
    }

    /**
     * The JVM's list of its threads.
     *
     * @param own the tids of the threads that the JVM, the JDK and linen created for themselves: those of the garbage
     *        collector, compilers, cleaners, carriers of virtual threads
     * @param programs the names in Java of the other Java threads, by tid
     */
    record Threads(Set<Integer> own, Map<Integer, String> programs) {}

    static Threads threads() throws Unknown {
        Threads threads = new Threads(new HashSet<>(), new HashMap<>());
        Map<Long, Thread> visible = new HashMap<>();
        for (Thread thread : allThreads()) {
            visible.put(thread.threadId(), thread);
        }
        ask("threadPrint").lines().map(THREAD::matcher).filter(Matcher::matches).forEach(line -> {
            Integer tid = Integer.decode(line.group("tid"));
            Thread thread = line.group("id") == null ? null : visible.get(Long.valueOf(line.group("id")));
            if (thread == null || isJdks(thread)) {
                threads.own().add(tid);
            } else {
                threads.programs().put(tid, line.group("name"));
            }
        });
        return threads;
    }

    private static List<Thread> allThreads() {
        ThreadGroup top = Thread.currentThread().getThreadGroup();
        while (top.getParent() != null) {
            top = top.getParent();
        }
        Thread[] threads = new Thread[top.activeCount() + 1];
        int count = top.enumerate(threads);
        while (count == threads.length) {
            threads = new Thread[2 * count];
            count = top.enumerate(threads);
        }
        return Arrays.asList(threads).subList(0, count);
    }

    /**
     * Whether a thread is in the top group or in one of the JDK's groups in it. A program's threads are in the group of
     * its main thread, or in groups in that. Before Java 25, those of the common pool are in the group of its first
     * user.
     */
    private static boolean isJdks(Thread thread) {
        ThreadGroup group = thread.getThreadGroup();
        if (group == null) {
            return true; // it has ended
        }
        if (thread instanceof ForkJoinWorkerThread worker && ForkJoinPool.commonPool().equals(worker.getPool())) {
            return true;
        }
        ThreadGroup parent = group.getParent();
        return parent == null || (parent.getParent() == null && JDK_GROUPS.contains(group.getName()));
    }

    /** Returns the names of the program's virtual threads whose ids are greater than this one, by id. */
    static Map<Long, String> virtualThreadsAfter(long id) throws Unknown {
        try {
            Path directory = Files.createTempDirectory("no-leaks");
            Path dump = directory.resolve("threads");
            try {
                ask("threadDumpToFile", dump.toString());
                return parseVirtual(Files.readString(dump), id);
            } finally {
                Files.deleteIfExists(dump);
                Files.delete(directory);
            }
        } catch (IOException unwritable) {
            throw new Unknown(unwritable);
        }
    }

    private static Map<Long, String> parseVirtual(String dump, long after) {
        Map<Long, String> names = new HashMap<>();
        for (String thread : dump.split("\n\n", -1)) {
            Matcher header = VIRTUAL.matcher(thread.lines().findFirst().orElse(""));
            if (header.matches() && Long.parseLong(header.group("id")) > after && !thread.contains(POLLER)) {
                names.put(Long.valueOf(header.group("id")), header.group("name"));
            }
        }
        return names;
    }
}
