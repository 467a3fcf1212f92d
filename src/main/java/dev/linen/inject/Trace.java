package dev.linen.inject;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What happened in a folder: the typed operations, requirements on them, and a text like strace's, with the Java line
 * that each call comes from. {@link Faults#trace} begins it.
 */
public final class Trace {

    private static final long NANOS_PER_MICRO = 1000;

    private final Recording recording;

    /** Not begun: the caller first stores it, so that it can be stopped whatever happens. */
    Trace(Path folder, boolean withStacks) {
        recording = Recording.forTrace(folder, withStacks);
    }

    /**
     * Returns what has happened so far.
     *
     * @return the operations, in the order in which they were performed
     * @throws IllegalStateException if some are missing: more happened than there was room for, say
     */
    public List<Operation> operations() {
        return recording.operations();
    }

    /**
     * Checks that some operations happened one after the other. Others may have happened between them.
     *
     * @param steps the operations, in their order
     * @throws AssertionError if they didn't; the message says which one is missing, and has the trace
     */
    public void requireOrder(Step... steps) {
        List<Operation> operations = operations();
        int at = 0;
        for (int i = 0; i < steps.length; i++) {
            Step step = steps[i];
            while (at < operations.size() && !step.matches(operations.get(at))) {
                at++;
            }
            if (at == operations.size()) {
                boolean earlier = operations.stream().anyMatch(step::matches);
                throw new AssertionError((earlier
                        ? step + " didn't happen after " + steps[i - 1]
                        : step + " didn't happen") + ", but in this order:\n" + this);
            }
            at++;
        }
    }

    /**
     * Checks that nothing of a file was left unsynced: after its last write or truncation, it was synced by
     * {@code fsync} or {@code fdatasync}, or each write was synchronous. A folder must have been synced after its last
     * entry was created, renamed or removed.
     *
     * @param path the file or folder
     * @throws AssertionError if there is such a change; the message has the trace
     */
    public void requireSynced(Path path) {
        Path file = Step.canonical(path);
        Operation unsynced = null;
        boolean seen = false;
        for (Operation operation : operations()) {
            if (operation.call().failed()) {
                continue;
            }
            if (changes(operation, file)) {
                unsynced = operation;
                seen = true;
            } else if (operation instanceof Operation.SyncAll || syncs(operation, file)) {
                unsynced = null;
                seen = true;
            }
        }
        if (unsynced != null) {
            throw new AssertionError(file + " wasn't synced after\n" + line(unsynced) + "\nThe trace:\n" + this);
        }
        if (!seen) {
            throw new AssertionError(file + " was neither changed nor synced. The trace:\n" + this);
        }
    }

    private static boolean syncs(Operation operation, Path file) {
        return operation instanceof Operation.Sync sync && sync.kind() != Operation.SyncKind.RANGE
                && sync.path().equals(file);
    }

    private static boolean changes(Operation operation, Path file) {
        return switch (operation) {
            case Operation.Write write ->
                write.path().equals(file) && write.durability() == Operation.Durability.NONE
                        && write.call().result() > 0;
            case Operation.Truncate truncate -> truncate.path().equals(file);
            case Operation.Allocate allocate -> allocate.path().equals(file);
            case Operation.Open open -> (open.path().equals(file) && open.truncated())
                    || (open.created() && file.equals(open.path().getParent()));
            case Operation.Rename rename ->
                file.equals(rename.path().getParent()) || file.equals(rename.to().getParent());
            case Operation.Link link -> file.equals(link.to().getParent());
            case Operation.MakeDirectory made -> file.equals(made.path().getParent());
            case Operation.Symlink made -> file.equals(made.path().getParent());
            case Operation.Unlink unlink -> file.equals(unlink.path().getParent());
            default -> false;
        };
    }

    void begin() {
        recording.begin();
    }

    /** Ends the trace, which can still be read. */
    void stop() {
        recording.stop();
    }

    /** One operation, as strace writes it, and the Java frames under it. */
    static String line(Operation operation) {
        Call call = operation.call();
        StringBuilder line = new StringBuilder();
        line.append(String.format("%7d %s(%s)", call.tid(), call.name(), arguments(operation)));
        line.append(call.result() == Call.UNKNOWN ? " = ?" : " = " + result(call));
        line.append(call.injected() ? " (injected)" : "");
        if (call.result() != Call.UNKNOWN && !call.injected()) {
            line.append(" <").append(call.duration().toNanos() / NANOS_PER_MICRO).append(" us>");
        }
        call.stack().stream().filter(frame -> !ofTheJdk(frame)).limit(3)
                .forEach(frame -> line.append("\n            at ").append(withoutModule(frame)));
        return line.toString();
    }

    private static StackTraceElement withoutModule(StackTraceElement frame) {
        return new StackTraceElement(frame.getClassName(), frame.getMethodName(), frame.getFileName(),
                frame.getLineNumber());
    }

    private static boolean ofTheJdk(StackTraceElement frame) {
        String name = frame.getClassName();
        return name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("sun.")
                || name.startsWith("com.sun.");
    }

    private static String result(Call call) {
        return call.errno().map(errno -> "-1 " + errno).orElse(Long.toString(call.result()));
    }

    private static String arguments(Operation operation) {
        return switch (operation) {
            case Operation.Open open -> open.path() + (open.created() ? ", created" : "")
                    + (open.truncated() ? ", truncated" : "") + (open.unnamed() ? ", O_TMPFILE" : "")
                    + switch (open.durability()) {
                        case NONE -> "";
                        case DATA -> ", O_DSYNC";
                        case FILE -> ", O_SYNC";
                    };
            case Operation.Write write -> write.path() + ", " + write.requested() + " bytes at " + write.offset();
            case Operation.Truncate truncate -> truncate.path() + ", " + truncate.length();
            case Operation.Allocate allocate -> allocate.path() + ", mode " + allocate.mode() + ", "
                    + allocate.offset() + ", " + allocate.length();
            case Operation.Rename rename -> rename.path() + ", " + rename.to();
            case Operation.Link link -> link.path() + ", " + link.to();
            case Operation.Symlink link -> link.target() + ", " + link.path();
            case Operation.Connect connect -> connect.descriptor() + ", " + connect.address();
            case Operation.Close close -> close.descriptor() + " " + close.path();
            case Operation.Unseen unseen -> unseen.what();
            case Operation.MakeDirectory made -> made.path().toString();
            case Operation.Sync sync -> sync.path().toString();
            case Operation.SyncAll all -> all.path().toString();
            case Operation.Unlink unlink -> unlink.path().toString();
        };
    }

    /**
     * Returns the trace as text.
     *
     * @return a line for each operation, with the Java lines under it if stacks were taken
     */
    @Override
    public String toString() {
        return operations().stream().map(Trace::line).collect(Collectors.joining("\n"));
    }
}
