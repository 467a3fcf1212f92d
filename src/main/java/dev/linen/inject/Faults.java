package dev.linen.inject;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Failing, slow and short system calls, for a test of what must survive them.
 *
 * <pre>{@code
 * try (Faults faults = Faults.start()) {
 *     faults.on(SYNC).under(dir).nth(3).fail(Errno.EIO);
 *     faults.on(WRITE).under(dir, "*.wal").nth(2).half();
 *     faults.on(WRITE).under(dir).budget(10 << 20);          // then ENOSPC
 *     faults.on(CONNECT).delay(Duration.ofMillis(200));
 *     faults.on(OPEN_TO_WRITE).outside(dir).forbid();        // close() throws, with the Java stack
 *     ...
 * }
 * }</pre>
 *
 * <p>In a JUnit test it is a parameter, with {@code @ExtendWith(FaultsExtension.class)}.
 *
 * <p>The rules are about the calls that libc makes, on any thread of this JVM, unless a rule says which. They take
 * effect at once, and have none after {@link #close}. Tests that run at the same time don't see each other's rules if
 * each has a folder of its own.
 *
 * <p>The first use installs a seccomp filter for all threads. Even without rules it then takes each file and socket
 * call some µs more, until the JVM ends, and the JVM can gain no privileges.
 */
public final class Faults implements AutoCloseable {

    private final List<Fault> rules = new ArrayList<>(); // guarded by this
    private final List<Trace> traces = new ArrayList<>(); // guarded by this
    private boolean closed; // guarded by this

    private Faults() {}

    /**
     * Returns an empty set of rules.
     *
     * @return the rules; to be closed
     * @throws InjectionUnavailableException if system calls can't be supervised in this process
     */
    public static Faults start() {
        Supervisor.get();
        return new Faults();
    }

    /**
     * Begins a rule.
     *
     * @param kinds the calls that it is about
     * @return the rule, which isn't in force yet
     * @throws IllegalStateException if these faults are closed
     */
    public FaultRule on(CallKind... kinds) {
        requireOpen();
        return new FaultRule(this::requireOpen, this::enable, kinds);
    }

    /** Puts a rule into force. It is listed before: close() must find it whatever happens. */
    private void enable(Fault fault) {
        boolean enabled = false;
        try {
            synchronized (this) {
                requireOpen();
                rules.add(fault);
            }
            fault.enable();
            enabled = true;
        } finally {
            if (!enabled) {
                fault.close();
                forget(fault);
            }
        }
    }

    private synchronized void forget(Fault fault) {
        rules.remove(fault);
    }

    /**
     * Begins to record what happens in a folder, and connections, without Java stacks.
     *
     * @param folder an existing folder
     * @return the trace, which has begun
     * @throws IllegalArgumentException if there is no such folder
     * @throws IllegalStateException if these faults are closed
     */
    public Trace trace(Path folder) {
        return begin(folder, /* withStacks */ false);
    }

    /**
     * Begins to record what happens in a folder, and connections, with the Java stacks of the callers.
     *
     * @param folder an existing folder
     * @return the trace, which has begun
     * @throws IllegalArgumentException if there is no such folder
     * @throws IllegalStateException if these faults are closed
     */
    public Trace traceWithStacks(Path folder) {
        return begin(folder, /* withStacks */ true);
    }

    private Trace begin(Path folder, boolean withStacks) {
        requireOpen();
        Trace trace = new Trace(folder, withStacks);
        boolean begun = false;
        try {
            synchronized (this) {
                requireOpen();
                traces.add(trace);
            }
            trace.begin();
            begun = true;
        } finally {
            if (!begun) {
                trace.stop();
            }
        }
        return trace;
    }

    private synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException("these faults ended with their test, or were closed: make rules while they "
                    + "are open");
        }
    }

    /**
     * Checks that every rule has acted: a test of a failure that never happened shows nothing.
     *
     * @throws AssertionError with the rules that haven't
     */
    public synchronized void requireAllFired() {
        List<Fault> idle = rules.stream().filter(rule -> rule.fired() == 0).toList();
        if (!idle.isEmpty()) {
            throw new AssertionError("these rules never acted:\n  "
                    + idle.stream().map(Fault::toString).collect(Collectors.joining("\n  ")));
        }
    }

    /**
     * Puts all rules out of force and ends the traces. Does nothing if that has happened.
     *
     * @throws AssertionError if calls were made that a rule forbids, with their Java stacks
     */
    @Override
    public void close() {
        List<Fault> ending;
        List<Trace> ended;
        synchronized (this) {
            closed = true;
            ending = List.copyOf(rules);
            ended = List.copyOf(traces);
        }
        end(ending.iterator(), ended.iterator());
        List<Operation> forbidden = new ArrayList<>();
        synchronized (this) {
            ending.forEach(rule -> forbidden.addAll(rule.forbidden()));
            rules.clear();
            traces.clear();
        }
        if (!forbidden.isEmpty()) {
            throw new AssertionError(forbidden.size() + " forbidden calls:\n"
                    + forbidden.stream().map(Trace::line).collect(Collectors.joining("\n")));
        }
    }

    /** One that can't be ended doesn't keep the others in force. It can be closed again. */
    private static void end(Iterator<Fault> rules, Iterator<Trace> traces) {
        try {
            while (rules.hasNext()) {
                rules.next().close();
            }
            while (traces.hasNext()) {
                traces.next().stop();
            }
        } finally {
            if (rules.hasNext() || traces.hasNext()) {
                end(rules, traces);
            }
        }
    }

    /**
     * Returns the rules as text.
     *
     * @return a line for each rule
     */
    @Override
    public synchronized String toString() {
        return rules.stream().map(Fault::toString).collect(Collectors.joining("\n"));
    }
}
