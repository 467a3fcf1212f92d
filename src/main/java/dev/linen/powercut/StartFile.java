package dev.linen.powercut;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.linen.inject.FileId;

/**
 * A file with all that was in a folder when a recording began. The contents go from file to file: a program that is
 * recorded may have a smaller heap than its folder.
 *
 * <pre>
 *   directory   device, inode, {kind, name, device, inode, what belongs to the kind} ..., END
 *   FILE        length, bytes; length -1 if it was there under another name
 *   LINK        whether it is absolute, its path
 *   DIRECTORY   a directory
 * </pre>
 */
final class StartFile {

    private static final int END = 0;
    private static final int FILE = 1;
    private static final int LINK = 2;
    private static final int DIRECTORY = 3;
    private static final int OTHER = 4; // a pipe, a socket

    private static final long KNOWN = -1;
    private static final int BUFFER = 1 << 14;
    private static final Path ROOT = Path.of("/");

    private StartFile() {}

    static void write(Path folder, Path file) throws IOException {
        try (OutputStream to = Files.newOutputStream(file);
                DataOutputStream out = new DataOutputStream(new BufferedOutputStream(to))) {
            writeDirectory(folder, FileId.of(folder), out, new HashSet<>());
        }
    }

    private static void writeDirectory(Path folder, FileId id, DataOutputStream out, Set<FileId> known)
            throws IOException {
        write(id, out);
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path entry : (Iterable<Path>) entries::iterator) {
                writeEntry(entry, out, known);
            }
        }
        out.writeByte(END);
    }

    private static void writeEntry(Path entry, DataOutputStream out, Set<FileId> known) throws IOException {
        int kind = Files.isSymbolicLink(entry)
                ? LINK
                : Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
                        ? DIRECTORY
                        : Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS) ? FILE : OTHER;
        FileId id = FileId.of(entry);
        out.writeByte(kind);
        out.writeUTF(text(entry.getFileName()));
        if (kind == DIRECTORY) {
            writeDirectory(entry, id, out, known);
            return;
        }
        write(id, out);
        if (kind == LINK) {
            Path target = Files.readSymbolicLink(entry);
            out.writeBoolean(target.isAbsolute());
            out.writeUTF(text(target));
        } else if (kind == FILE && !known.add(id)) {
            out.writeLong(KNOWN);
        } else if (kind == FILE) {
            long length = Files.size(entry);
            out.writeLong(length);
            if (Files.copy(entry, out) != length) {
                throw new IOException(entry + " changes while it is copied: another process writes to it");
            }
        }
    }

    private static void write(FileId id, DataOutputStream out) throws IOException {
        out.writeLong(id.device());
        out.writeLong(id.inode());
    }

    static Tree read(Path file) throws IOException {
        try (InputStream from = Files.newInputStream(file);
                DataInputStream in = new DataInputStream(new BufferedInputStream(from))) {
            Tree tree = Tree.empty(readId(in));
            readEntries(tree.root(), tree, in);
            return tree;
        }
    }

    private static FileId readId(DataInputStream in) throws IOException {
        long device = in.readLong();
        return new FileId(device, in.readLong(), 0);
    }

    private static void readEntries(FileId directory, Tree tree, DataInputStream in) throws IOException {
        for (int kind = in.readByte(); kind != END; kind = in.readByte()) {
            Path name = relative(in.readUTF());
            FileId id = readId(in);
            tree.entries(directory).put(name, id);
            if (kind == DIRECTORY) {
                tree.directories().put(id, new TreeMap<>());
                readEntries(id, tree, in);
            } else if (kind == LINK) {
                boolean absolute = in.readBoolean();
                String target = in.readUTF();
                tree.links().put(id, absolute ? absolute(target) : relative(target));
            } else if (kind == FILE) {
                long length = in.readLong();
                if (length != KNOWN) {
                    tree.files().put(id, contents(in, length));
                }
            }
        }
    }

    private static Contents contents(DataInputStream in, long length) throws IOException {
        Contents contents = Contents.of(new byte[0]);
        byte[] buffer = new byte[BUFFER];
        while (contents.length() < length) {
            int count = (int) Math.min(buffer.length, length - contents.length());
            in.readFully(buffer, 0, count);
            contents.append(buffer, count);
        }
        return contents;
    }

    /** The path of a URI has a name's bytes, whatever the locale is. */
    private static String text(Path name) {
        return ROOT.resolve(name).toUri().getRawPath();
    }

    private static Path absolute(String text) {
        return Path.of(URI.create("file://" + text));
    }

    private static Path relative(String text) {
        Path absolute = absolute(text);
        return absolute.subpath(0, absolute.getNameCount());
    }
}
