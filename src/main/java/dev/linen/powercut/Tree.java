package dev.linen.powercut;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.linen.inject.FileId;
import dev.linen.powercut.Step.Entries;

/**
 * A folder with everything below it. What a directory was removed from is still here: a power cut may bring it back.
 *
 * @param root the folder itself
 * @param directories the entries of each directory, by names: a Path has any name, whatever the JVM's locale is
 * @param files the bytes of each file
 * @param links what each symbolic link contains
 */
record Tree(FileId root, Map<FileId, SortedMap<Path, FileId>> directories, Map<FileId, Contents> files,
        Map<FileId, Path> links) {

    static Tree empty(FileId root) {
        Tree tree = new Tree(root, new HashMap<>(), new HashMap<>(), new HashMap<>());
        tree.directories.put(root, new TreeMap<>());
        return tree;
    }

    /** Returns what is in a folder now. */
    static Tree read(Path folder) throws IOException {
        Tree tree = empty(FileId.of(folder));
        tree.addAll(folder, tree.entries(tree.root));
        return tree;
    }

    private void addAll(Path folder, SortedMap<Path, FileId> entries) throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                FileId id = FileId.of(path);
                entries.put(path.getFileName(), id);
                add(path, id);
            }
        }
    }

    private void add(Path path, FileId id) throws IOException {
        if (Files.isSymbolicLink(path)) {
            links.put(id, Files.readSymbolicLink(path));
        } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            directories.put(id, new TreeMap<>());
            addAll(path, entries(id));
        } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) && !files.containsKey(id)) {
            files.put(id, Contents.read(path));
        }
    }

    /** Returns the entries of a directory. */
    SortedMap<Path, FileId> entries(FileId directory) {
        return Objects.requireNonNull(directories.get(directory), directory::toString);
    }

    /** Returns the bytes of a file. */
    Contents contents(FileId file) {
        return Objects.requireNonNull(files.get(file), file::toString);
    }

    Tree copy() {
        Tree copy = new Tree(root, new HashMap<>(), new HashMap<>(), new HashMap<>(links));
        directories.forEach((id, entries) -> copy.directories.put(id, new TreeMap<>(entries)));
        files.forEach((id, contents) -> copy.files.put(id, contents.copy()));
        return copy;
    }

    static void edit(SortedMap<Path, FileId> directory, Entries entries) {
        entries.edits().forEach((name, file) -> {
            if (file.equals(FileId.NONE)) {
                directory.remove(name);
            } else {
                directory.put(name, file);
            }
        });
    }
}
