package dev.linen.inject;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Predicate;

/**
 * An operation that a trace is required to have. Only calls that succeeded count.
 *
 * <pre>{@code
 * trace.requireOrder(rename(dir, "snap.tmp", "snap"), sync(dir), truncate(dir, "wal"));
 * }</pre>
 */
public final class Step {

    private final String text;
    private final Predicate<Operation> predicate;

    private Step(String text, Predicate<Operation> predicate) {
        this.text = text;
        this.predicate = predicate;
    }

    /**
     * Any operation for which a condition holds.
     *
     * @param text what to call it in messages
     * @param condition the condition
     * @return the step
     */
    public static Step of(String text, Predicate<Operation> condition) {
        return new Step(text, condition);
    }

    /**
     * A rename in a folder.
     *
     * @param folder the folder
     * @param from the old name
     * @param to the new name
     * @return the step
     */
    public static Step rename(Path folder, String from, String to) {
        Path old = canonical(folder).resolve(from);
        Path renamed = canonical(folder).resolve(to);
        return new Step("rename(" + old + ", " + renamed + ")",
                operation -> operation instanceof Operation.Rename rename
                        && rename.path().equals(old) && rename.to().equals(renamed));
    }

    /**
     * A {@code fsync} or {@code fdatasync} of a file or folder.
     *
     * @param path the file or folder
     * @return the step
     */
    public static Step sync(Path path) {
        Path file = canonical(path);
        return new Step("sync(" + file + ")", operation -> operation instanceof Operation.Sync sync
                && sync.kind() != Operation.SyncKind.RANGE && sync.path().equals(file));
    }

    /**
     * A sync of a file in a folder.
     *
     * @param folder the folder
     * @param name the file's name
     * @return the step
     */
    public static Step sync(Path folder, String name) {
        return sync(canonical(folder).resolve(name));
    }

    /**
     * A write to a file in a folder.
     *
     * @param folder the folder
     * @param name the file's name
     * @return the step
     */
    public static Step write(Path folder, String name) {
        return about(Operation.Write.class, "write", folder, name);
    }

    /**
     * A truncation of a file in a folder, also by {@code O_TRUNC}.
     *
     * @param folder the folder
     * @param name the file's name
     * @return the step
     */
    public static Step truncate(Path folder, String name) {
        Path file = canonical(folder).resolve(name);
        return new Step("truncate(" + file + ")", operation -> operation.path().equals(file)
                && (operation instanceof Operation.Truncate
                        || (operation instanceof Operation.Open open && open.truncated())));
    }

    /**
     * The creation of a file in a folder.
     *
     * @param folder the folder
     * @param name the file's name
     * @return the step
     */
    public static Step create(Path folder, String name) {
        Path file = canonical(folder).resolve(name);
        return new Step("create(" + file + ")", operation -> operation.path().equals(file)
                && operation instanceof Operation.Open open && open.created());
    }

    /**
     * The removal of a file or folder.
     *
     * @param folder the folder
     * @param name the name
     * @return the step
     */
    public static Step unlink(Path folder, String name) {
        return about(Operation.Unlink.class, "unlink", folder, name);
    }

    private static Step about(Class<? extends Operation> type, String name, Path folder, String file) {
        Path path = canonical(folder).resolve(file);
        return new Step(name + "(" + path + ")", operation -> type.isInstance(operation)
                && operation.path().equals(path));
    }

    /** The canonical path of a file, or of the folder that it was in. */
    static Path canonical(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        try {
            return absolute.toRealPath();
        } catch (IOException gone) {
            return parent == null ? absolute : canonical(parent).resolve(absolute.getFileName());
        }
    }

    boolean matches(Operation operation) {
        return !operation.call().failed() && predicate.test(operation);
    }

    /**
     * Returns the step as text.
     *
     * @return such as {@code sync(/tmp/x)}
     */
    @Override
    public String toString() {
        return text;
    }
}
