package dev.linen.inject;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

import dev.linen.inject.RuleSlot.Content;
import dev.linen.internal.linux.LinenH;
import dev.linen.syscall.Errno;

/**
 * A rule that is being described: which calls it is about, and last, what becomes of them. {@link #fail}, {@link
 * #half}, {@link #budget}, {@link #delay}, {@link #forbid} and {@link #kill} put it into force.
 *
 * <p>Of several rules that match a call each counts it, and the first that acts on it decides.
 */
public final class FaultRule {

    private static final long WRITES = CallKind.WRITE.calls();

    private final Runnable requireOpen;
    private final Consumer<Fault> enable;
    private final CallKind[] kinds;
    private int where = LinenH.LINEN_ANYWHERE;
    private @Nullable Path folder;
    private @Nullable String glob;
    private long first = 1;
    private long count;
    private int thread;
    private int descriptor = -1;
    private boolean used;

    /**
     * @param requireOpen throws if the test has ended
     * @param enable stores a rule and puts it into force, or closes it
     */
    FaultRule(Runnable requireOpen, Consumer<Fault> enable, CallKind... kinds) {
        if (kinds.length == 0) {
            throw new IllegalArgumentException("on() needs at least one kind of call: on(CallKind.SYNC)");
        }
        this.requireOpen = requireOpen;
        this.enable = enable;
        this.kinds = kinds.clone();
    }

    /**
     * Restricts the rule to a folder and what is below it.
     *
     * @param newFolder an existing folder
     * @return this rule
     * @throws IllegalArgumentException if there is no such folder
     */
    public FaultRule under(Path newFolder) {
        return at(LinenH.LINEN_UNDER, newFolder);
    }

    /**
     * Restricts the rule to some files below a folder.
     *
     * @param newFolder an existing folder
     * @param newGlob a pattern: {@code *} and {@code ?} match no slash, {@code **} matches anything. A pattern
     *        without a slash is compared with the file's name, another one with its path below the folder: {@code
     *        "*.wal"}, {@code "logs/**"}
     * @return this rule
     * @throws IllegalArgumentException if there is no such folder
     */
    public FaultRule under(Path newFolder, String newGlob) {
        glob = newGlob;
        return at(LinenH.LINEN_UNDER, newFolder);
    }

    /**
     * Restricts the rule to what is neither a folder nor below it. This concerns the whole JVM: also its own log files.
     *
     * @param newFolder an existing folder
     * @return this rule
     * @throws IllegalArgumentException if there is no such folder
     */
    public FaultRule outside(Path newFolder) {
        return at(LinenH.LINEN_OUTSIDE, newFolder);
    }

    private FaultRule at(int newWhere, Path newFolder) {
        if (folder != null) {
            throw new IllegalStateException("a rule has one folder, and this one has " + folder + " already: make two "
                    + "rules");
        }
        folder = Recording.requireFolder(newFolder);
        where = newWhere;
        return this;
    }

    /**
     * Restricts the rule to one call.
     *
     * @param call which of the calls that match, from 1
     * @return this rule
     * @throws IllegalArgumentException if it is less than 1
     */
    public FaultRule nth(long call) {
        return from(call).times(1);
    }

    /**
     * Restricts the rule to the later calls.
     *
     * @param call the first of the calls that match, from 1
     * @return this rule
     * @throws IllegalArgumentException if it is less than 1
     */
    public FaultRule from(long call) {
        if (call < 1) {
            throw new IllegalArgumentException("the first call that matches is number 1, not " + call);
        }
        first = call;
        return this;
    }

    /**
     * Restricts the rule to so many calls.
     *
     * @param calls how many, at least 1
     * @return this rule
     * @throws IllegalArgumentException if it is less than 1
     */
    public FaultRule times(long calls) {
        if (calls < 1) {
            throw new IllegalArgumentException("a rule acts at least once, not " + calls + " times");
        }
        count = calls;
        return this;
    }

    /**
     * Restricts the rule to the calls of one thread.
     *
     * @param tid its thread id, such as {@code Tid.current()}; a virtual thread has none of its own
     * @return this rule
     * @throws IllegalArgumentException if it isn't positive
     */
    public FaultRule thread(int tid) {
        if (tid <= 0) {
            throw new IllegalArgumentException("a tid is positive, not " + tid + ": Tid.current() is the caller's");
        }
        thread = tid;
        return this;
    }

    /**
     * Restricts the rule to the calls with one descriptor.
     *
     * @param fd the descriptor
     * @return this rule
     * @throws IllegalArgumentException if it is negative
     */
    public FaultRule descriptor(int fd) {
        if (fd < 0) {
            throw new IllegalArgumentException("a descriptor isn't negative: " + fd);
        }
        descriptor = fd;
        return this;
    }

    /**
     * The calls fail, and aren't made. A {@code close} of a file is an exception: Linux frees the descriptor even if it
     * reports an error other than EBADF.
     *
     * @param errno the error
     * @return the rule, in force
     */
    public Fault fail(Errno errno) {
        return enable(LinenH.LINEN_ACTION_ERRNO, errno.number(), errno.toString());
    }

    /**
     * The calls write half of what they are asked to: a short write, which is no error. Only writes of at least two
     * bytes to files count; then the caller may go on with the rest.
     *
     * @return the rule, in force
     * @throws IllegalStateException if the rule is about other calls than {@link CallKind#WRITE}
     */
    public Fault half() {
        requireWrites("half()");
        return enable(LinenH.LINEN_ACTION_HALF, 0, "half is written");
    }

    /**
     * So many bytes can be written to files in all; the write that goes beyond is short, and then each fails with
     * {@link Errno#ENOSPC}. What a write that fails, or is short, didn't write doesn't count.
     *
     * @param bytes how many, 0 or more
     * @return the rule, in force
     * @throws IllegalStateException if the rule is about other calls than {@link CallKind#WRITE}
     * @throws IllegalArgumentException if the number is negative
     */
    public Fault budget(long bytes) {
        requireWrites("budget()");
        if (bytes < 0) {
            throw new IllegalArgumentException("a budget isn't negative: " + bytes + " bytes");
        }
        return enable(LinenH.LINEN_ACTION_BUDGET, bytes, "ENOSPC after " + bytes + " bytes");
    }

    /**
     * The calls are made later, at the latest when the rule ends. Other calls don't wait for them.
     *
     * @param time how much later, at least; 64 calls at most are put aside at a time
     * @return the rule, in force
     * @throws IllegalArgumentException if it is negative
     */
    public Fault delay(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("a delay isn't negative: " + time);
        }
        return enable(LinenH.LINEN_ACTION_DELAY, nanos(time), "delayed by " + time);
    }

    private static long nanos(Duration time) {
        return time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0 ? Long.MAX_VALUE : time.toNanos();
    }

    /**
     * The calls fail with {@link Errno#EPERM}, and {@link Faults#close} throws an AssertionError with the Java stacks
     * of the callers: the test fails.
     *
     * @return the rule, in force
     */
    public Fault forbid() {
        return enable(LinenH.LINEN_ACTION_FORBID, 0, "forbidden");
    }

    /**
     * The process is killed with SIGKILL before the call is made. Use it in a {@code ChildJvm}.
     *
     * @return the rule, in force
     */
    public Fault kill() {
        return enable(LinenH.LINEN_ACTION_KILL, 0, "the process is killed");
    }

    private void requireWrites(String action) {
        if ((CallKind.calls(kinds) & ~WRITES) != 0) {
            throw new IllegalStateException(action + " is for on(WRITE) only, not for " + Arrays.toString(kinds));
        }
    }

    private Fault enable(int action, long argument, String effect) {
        requireOpen.run();
        if (used) {
            throw new IllegalStateException("this rule is in force already: call on() for another one");
        }
        Fault fault = Fault.of(new Content(CallKind.calls(kinds), action, argument, first, count, thread, descriptor,
                where, folder, glob, LinenH.LINEN_RECORD_NOTHING, /* stack */ false), text() + ": " + effect);
        enable.accept(fault);
        used = true;
        return fault;
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (CallKind kind : kinds) {
            text.append(text.isEmpty() ? "" : "|").append(kind);
        }
        if (folder != null) {
            text.append(where == LinenH.LINEN_UNDER ? " under " : " outside ").append(folder);
        }
        text.append(glob == null ? "" : ", " + glob);
        if (first > 1 || count > 0) {
            text.append(count == 1 ? ", call " + first : ", from call " + first);
            text.append(count > 1 ? ", " + count + " times" : "");
        }
        text.append(thread == 0 ? "" : ", thread " + thread);
        text.append(descriptor < 0 ? "" : ", descriptor " + descriptor);
        return text.toString();
    }
}
