package dev.linen.powercut;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import dev.linen.inject.FileId;
import dev.linen.inject.Operation;
import dev.linen.inject.Operation.Durability;
import dev.linen.inject.Operation.SyncKind;
import dev.linen.powercut.Step.Entries;
import dev.linen.powercut.Step.Resize;
import dev.linen.powercut.Step.Sync.Scope;

/**
 * Finds out what each recorded call did to the folder: which entries of which directories it changed, and which bytes
 * of which files. Calls that failed did nothing, except for a sync.
 */
final class Steps {

    private static final int KEEP_SIZE = 1; // FALLOC_FL_, linux/falloc.h
    private static final int PUNCH_HOLE = 2;
    private static final int ZERO_RANGE = 16;

    private static final long MOST_ZEROS = 1 << 30;

    private final Path folder;
    private final Tree tree;

    /** The tree after the calls so far; of its files only the lengths are kept up to date. */
    private final Tree now;
    private final Map<FileId, Long> lengths = new HashMap<>();

    private final List<Step> steps = new ArrayList<>();
    private final Set<String> unseen = new LinkedHashSet<>();

    /** What was moved out of the folder. */
    private final Set<FileId> outside = new HashSet<>();
    private int call;

    private Steps(Path folder, Tree tree) {
        this.folder = folder;
        this.tree = tree;
        now = new Tree(tree.root(), new HashMap<>(), Map.of(), Map.of());
        tree.directories().forEach((directory, names) -> now.directories().put(directory, new TreeMap<>(names)));
        tree.files().forEach((file, contents) -> lengths.put(file, contents.length()));
    }

    /**
     * Returns a run.
     *
     * @param folder the recorded folder, as a real path
     * @param start what was in it before; what the calls create is added to it, without a name
     */
    static Run of(Path folder, Tree start, List<Operation> operations, List<Run.Ack> acks) {
        Steps result = new Steps(folder, start);
        for (Operation operation : operations) {
            result.add(operation);
            result.call++;
        }
        return new Run(folder, start, operations, result.steps, acks, List.copyOf(result.unseen));
    }

    private void add(Operation operation) {
        if (operation instanceof Operation.Sync sync) {
            sync(sync);
        } else if (!operation.call().failed()) {
            switch (operation) {
                case Operation.Open open -> open(open);
                case Operation.MakeDirectory made -> {
                    tree.directories().putIfAbsent(made.file(), new TreeMap<>());
                    now.directories().putIfAbsent(made.file(), new TreeMap<>());
                    enter(made.path(), made.file());
                }
                case Operation.Write write -> {
                    write(write.file(), write.offset(), write.data().asByteBuffer());
                    if (write.durability() != Durability.NONE) {
                        steps.add(new Step.Sync(call, write.file(), Scope.CALL,
                                write.durability() == Durability.DATA, /* failed */ false));
                    }
                }
                case Operation.Truncate truncate -> resize(truncate.file(), truncate.length());
                case Operation.Allocate allocate -> allocate(allocate);
                case Operation.SyncAll all -> steps.add(new Step.Sync(call, FileId.NONE, Scope.EVERYTHING,
                        /* dataOnly */ false, /* failed */ false));
                case Operation.Rename rename -> rename(rename);
                case Operation.Link link -> {
                    requireKnown(link.to(), link.file());
                    if (!link.to().startsWith(folder)) {
                        unseen.add(
                                "what is written to " + link.path() + " by its name outside the folder, " + link.to());
                    }
                    enter(link.to(), link.file());
                }
                case Operation.Symlink link -> {
                    tree.links().put(link.file(), link.target());
                    enter(link.path(), link.file());
                }
                case Operation.Unlink unlink -> enter(unlink.path(), FileId.NONE);
                case Operation.Unseen incomplete -> unseen.add(incomplete.what());
                case Operation.Close close -> {
                }
                case Operation.Connect connect -> {
                }
                case Operation.Sync handled -> {
                }
            }
        }
    }

    private void sync(Operation.Sync sync) {
        if (sync.kind() != SyncKind.RANGE) { // which promises nothing: no metadata, no flush of the disk's cache
            steps.add(new Step.Sync(call, sync.file(), Scope.FILE, sync.kind() == SyncKind.FDATASYNC,
                    sync.call().failed()));
        }
    }

    private void open(Operation.Open open) {
        if (open.created() || open.unnamed()) {
            tree.files().put(open.file(), Contents.of(new byte[0]));
            lengths.put(open.file(), 0L);
            if (!open.unnamed()) {
                enter(open.path(), open.file());
            }
        } else if (open.truncated()) {
            resize(open.file(), 0);
        }
    }

    private void write(FileId file, long offset, ByteBuffer bytes) {
        if (bytes.hasRemaining()) {
            long end = offset + bytes.remaining();
            boolean grows = end > lengths.getOrDefault(known(file), 0L);
            lengths.merge(file, end, Math::max);
            steps.add(new Step.Write(call, file, offset, bytes, grows));
        }
    }

    private void resize(FileId file, long length) {
        lengths.put(known(file), length);
        steps.add(new Resize(call, file, length, false));
    }

    /** A file that had no name when the recording began. */
    private FileId known(FileId file) {
        tree.files().computeIfAbsent(file, unknown -> Contents.of(new byte[0]));
        return file;
    }

    private void allocate(Operation.Allocate allocate) {
        FileId file = known(allocate.file());
        long end = allocate.offset() + allocate.length();
        long length = lengths.getOrDefault(file, 0L);
        int mode = allocate.mode() & ~KEEP_SIZE;
        boolean grows = (allocate.mode() & KEEP_SIZE) == 0 && end > length;
        if (mode != 0 && mode != PUNCH_HOLE && mode != ZERO_RANGE) {
            unseen.add("fallocate with the mode " + allocate.mode() + " isn't part of the model");
        }
        if (grows && (mode == 0 || mode == ZERO_RANGE)) {
            lengths.put(file, end);
            steps.add(new Resize(call, file, end, true));
        }
        if (mode == PUNCH_HOLE || mode == ZERO_RANGE) {
            long zeros = Math.max(Math.min(end, length) - allocate.offset(), 0);
            if (zeros > MOST_ZEROS) {
                unseen.add("fallocate that sets " + zeros + " bytes of " + allocate.path() + " to zero: more than "
                        + MOST_ZEROS + " aren't part of the model");
            } else {
                write(file, allocate.offset(), ByteBuffer.allocate((int) zeros));
            }
        }
    }

    private void rename(Operation.Rename rename) {
        FileId from = directoryOf(rename.path());
        FileId to = directoryOf(rename.to());
        if (rename.path().equals(rename.to()) || (!rename.exchanged() && rename.file().equals(rename.replaced()))) {
            return; // two names of one file: the kernel does nothing
        }
        moved(rename.path(), rename.to(), rename.file());
        FileId behind = FileId.NONE;
        if (rename.exchanged()) {
            behind = rename.replaced();
            moved(rename.to(), rename.path(), behind);
        }
        if (from != null && from.equals(to)) {
            Map<Path, FileId> edits = new LinkedHashMap<>();
            edits.put(name(rename.path()), behind);
            edits.put(name(rename.to()), rename.file());
            edit(from, edits);
        } else {
            enter(rename.to(), rename.file());
            enter(rename.path(), behind);
        }
    }

    /** What happens to a file while it has a name outside the folder may not be seen. */
    private void moved(Path from, Path to, FileId file) {
        requireKnown(to, file);
        if (!to.startsWith(folder)) {
            outside.add(file);
        } else if (!from.startsWith(folder) && outside.contains(file)) {
            unseen.add("what happened to " + to + " while it was outside the folder, at " + from);
        }
    }

    /** What is in a file can be replayed only if it was there before, or was made in the folder. */
    private void requireKnown(Path path, FileId file) {
        if (path.startsWith(folder) && !tree.files().containsKey(file) && !tree.directories().containsKey(file)
                && !tree.links().containsKey(file)) {
            unseen.add("what is in " + path + ", because it was made outside the folder or is no file");
        }
    }

    private void enter(Path path, FileId file) {
        FileId directory = directoryOf(path);
        if (directory != null) {
            edit(directory, Map.of(name(path), file));
        } else if (path.equals(folder)) {
            unseen.add("what happened after " + folder + " itself was moved, removed or replaced");
        } else if (path.startsWith(folder)) {
            unseen.add(path.getParent() + " was created in a way that isn't seen: what is in it is left out");
        }
    }

    private void edit(FileId directory, Map<Path, FileId> edits) {
        Entries step = new Entries(call, directory, edits);
        Tree.edit(now.entries(directory), step);
        steps.add(step);
    }

    private static Path name(Path path) {
        return path.getFileName();
    }

    /** Returns the directory that has the entry; null if it isn't known, or outside the folder. */
    private @Nullable FileId directoryOf(Path path) {
        Path parent = path.getParent();
        if (parent == null || !parent.startsWith(folder)) {
            return null;
        }
        FileId directory = tree.root();
        for (Path name : folder.relativize(parent)) {
            if (!name.toString().isEmpty()) {
                FileId next = now.entries(directory).get(name);
                if (next == null || !now.directories().containsKey(next)) {
                    return null;
                }
                directory = next;
            }
        }
        return directory;
    }

    /** Returns the other change of an exchange between two directories; the step itself if it isn't one of those. */
    static int exchangedWith(int step, List<Step> steps) {
        if (steps.get(step) instanceof Entries entries && !entries.onlyRemoves()) {
            for (int other = Math.max(step - 1, 0); other <= Math.min(step + 1, steps.size() - 1); other++) {
                if (other != step && steps.get(other).call() == entries.call()
                        && steps.get(other) instanceof Entries half && !half.onlyRemoves()) {
                    return other;
                }
            }
        }
        return step;
    }
}
