package dev.linen.powercut;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import dev.linen.inject.FileId;

/** A folder that is filled with one tree after the other, and a digest of what is in a tree. */
final class Scratch {

    private Scratch() {}

    /** Returns a digest of all names and contents: two trees with the same digest are the same to a store. */
    static String digest(Tree tree) {
        MessageDigest digest = Contents.sha256();
        digest(tree, tree.root(), digest);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns whether two files are the same to a store: both are directories, or have the same content. */
    static boolean isSameFile(Tree one, FileId file, Tree other, FileId otherFile) {
        Contents contents = one.files().get(file);
        Contents otherContents = other.files().get(otherFile);
        return one.directories().containsKey(file) == other.directories().containsKey(otherFile)
                && Objects.equals(one.links().get(file), other.links().get(otherFile))
                && (contents == null) == (otherContents == null) && (contents == null
                        || otherContents == null || (contents.length() == otherContents.length()
                                && Arrays.equals(contents.digest(), otherContents.digest())));
    }

    private static void digest(Tree tree, FileId directory, MessageDigest digest) {
        tree.entries(directory).forEach((name, id) -> {
            Contents contents = tree.files().get(id);
            Path link = tree.links().get(id);
            if (contents != null) {
                add(digest, 'f', name);
                digest.update(contents.digest());
            } else if (link != null) {
                add(digest, 'l', name);
                add(digest, '>', link);
            } else if (tree.directories().containsKey(id)) {
                add(digest, 'd', name);
                digest(tree, id, digest);
                digest.update((byte) '/');
            }
        });
    }

    private static void add(MessageDigest digest, char kind, Path name) {
        digest.update((byte) kind);
        digest.update(name.toString().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0); // no name contains it
        int bytes = name.hashCode(); // of the bytes: where they aren't text in this locale, several names have the same
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes).flip());
    }

    /** Replaces what is in a folder by a tree. */
    static void fill(Path folder, Tree tree) throws IOException {
        empty(folder);
        fill(folder, tree, tree.root(), new HashMap<>());
    }

    private static void fill(Path folder, Tree tree, FileId directory, Map<FileId, Path> written) throws IOException {
        for (Map.Entry<Path, FileId> entry : tree.entries(directory).entrySet()) {
            Path path = folder.resolve(entry.getKey());
            FileId id = entry.getValue();
            Contents contents = tree.files().get(id);
            Path link = tree.links().get(id);
            Path other = written.putIfAbsent(id, path);
            if (contents != null && other != null) {
                Files.createLink(path, other);
            } else if (contents != null) {
                try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE)) {
                    contents.writeTo(file);
                }
            } else if (link != null) {
                Files.createSymbolicLink(path, link);
            } else if (tree.directories().containsKey(id) && other == null) {
                Files.createDirectory(path);
                fill(path, tree, id, written);
            }
        }
    }

    static void empty(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            for (Path child : (Iterable<Path>) children::iterator) {
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    empty(child);
                }
                Files.delete(child);
            }
        }
    }
}
