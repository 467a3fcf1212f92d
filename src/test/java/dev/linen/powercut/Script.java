package dev.linen.powercut;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.linen.inject.Call;
import dev.linen.inject.FileId;
import dev.linen.inject.Operation;
import dev.linen.inject.Operation.Durability;
import dev.linen.inject.Operation.SyncKind;
import dev.linen.syscall.Errno;

/** A list of operations made by hand, as a recording of {@code /store} would have them. Names are relative to it. */
final class Script {

    static final Path FOLDER = Path.of("/store");
    private static final FileId ROOT = new FileId(1, 1, 0);

    final Tree start = Tree.empty(ROOT);
    final List<Operation> operations = new ArrayList<>();
    final Acks<Object> acks = new Acks<>(operations::size);
    private final Map<String, FileId> files = new HashMap<>();
    private final Map<FileId, Long> lengths = new HashMap<>();
    private long inodes = 2;

    Script() {
        files.put("", ROOT);
    }

    /** A file that is there before, durably. */
    Script with(String name, String content) {
        FileId file = fresh(name);
        start.entries(ROOT).put(Path.of(name), file);
        start.files().put(file, Contents.of(content.getBytes(StandardCharsets.UTF_8)));
        lengths.put(file, (long) content.length());
        return this;
    }

    Script ack(Object value) {
        acks.now(value);
        return this;
    }

    Script create(String name) {
        return open(name, false);
    }

    /** An O_TMPFILE; the name is only the script's. */
    Script createUnnamed(String name) {
        return open(name, true);
    }

    private Script open(String name, boolean unnamed) {
        Path path = unnamed ? path(name).getParent() : path(name);
        return add(new Operation.Open(call("openat", 3), path, fresh(name), !unnamed, false, unnamed, Durability.NONE,
                3));
    }

    Script makeDirectory(String name) {
        return add(new Operation.MakeDirectory(call("mkdir", 0), path(name), fresh(name)));
    }

    /** Appends. */
    Script write(String name, String text) {
        return write(name, text, Durability.NONE);
    }

    Script write(String name, String text, Durability durability) {
        FileId file = file(name);
        long offset = lengths.merge(file, (long) text.length(), Long::sum) - text.length();
        return writeAt(name, offset, text, durability);
    }

    Script writeAt(String name, long offset, String text, Durability durability) {
        MemorySegment data = MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)).asReadOnly();
        return add(new Operation.Write(call("write", data.byteSize()), path(name), file(name), offset, data,
                data.byteSize(), durability));
    }

    Script truncate(String name, long length) {
        lengths.put(file(name), length);
        return add(new Operation.Truncate(call("ftruncate", 0), path(name), file(name), length));
    }

    Script allocate(String name, int mode, long offset, long length) {
        return add(new Operation.Allocate(call("fallocate", 0), path(name), file(name), mode, offset, length));
    }

    Script sync(String name) {
        return sync(name, SyncKind.FSYNC, 0);
    }

    Script sync(String name, SyncKind kind, long result) {
        return add(new Operation.Sync(call("fsync", result), path(name), file(name), kind, name.isEmpty(), 0, 0));
    }

    Script failedSync(String name) {
        return sync(name, SyncKind.FSYNC, Errno.EIO.result());
    }

    Script syncAll() {
        return add(new Operation.SyncAll(call("sync", 0), Path.of("/")));
    }

    Script rename(String from, String to) {
        FileId replaced = files.getOrDefault(to, FileId.NONE);
        FileId file = files.remove(from);
        files.put(to, file);
        return add(new Operation.Rename(call("rename", 0), path(from), path(to), file, replaced, false));
    }

    /** Exchanges two names. */
    Script exchange(String one, String other) {
        FileId first = file(one);
        FileId second = file(other);
        files.put(one, second);
        files.put(other, first);
        return add(new Operation.Rename(call("renameat2", 0), path(one), path(other), first, second, true));
    }

    /** To another folder. */
    Script moveOut(String from) {
        return add(new Operation.Rename(call("rename", 0), path(from), Path.of("/elsewhere"), file(from), FileId.NONE,
                false));
    }

    /** From another folder, where it has been since {@link #moveOut}. */
    Script moveBack(String to) {
        return add(new Operation.Rename(call("rename", 0), Path.of("/elsewhere"), path(to), file(to), FileId.NONE,
                false));
    }

    /** From another folder. */
    Script moveIn(String to) {
        return add(new Operation.Rename(call("rename", 0), Path.of("/elsewhere"), path(to), fresh(to), FileId.NONE,
                false));
    }

    Script linkOutside(String from) {
        return add(new Operation.Link(call("linkat", 0), path(from), Path.of("/elsewhere"), file(from)));
    }

    Script link(String from, String to) {
        files.put(to, file(from));
        return add(new Operation.Link(call("linkat", 0), path(from), path(to), file(from)));
    }

    Script symlink(String text, String name) {
        return add(new Operation.Symlink(call("symlink", 0), path(name), fresh(name), Path.of(text)));
    }

    Script unlink(String name) {
        return add(new Operation.Unlink(call("unlink", 0), path(name), file(name), false));
    }

    Script failedUnlink(String name) {
        return add(new Operation.Unlink(call("unlink", Errno.EACCES.result()), path(name), FileId.NONE, false));
    }

    Script unseen(String what) {
        return add(new Operation.Unseen(call("mmap", 0), FOLDER, FileId.NONE, what));
    }

    PowerCut<Object> run() {
        return PowerCut.of(FOLDER, start, operations, acks);
    }

    private Script add(Operation operation) {
        operations.add(operation);
        return this;
    }

    private FileId fresh(String name) {
        FileId file = new FileId(1, inodes++, 1);
        files.put(name, file);
        return file;
    }

    private FileId file(String name) {
        return files.get(name);
    }

    private static Path path(String name) {
        return name.isEmpty() ? FOLDER : FOLDER.resolve(name);
    }

    /** Each call has a line of its own: its place in the script. */
    private Call call(String name, long result) {
        return new Call(operations.size(), name, 1, result, false, 0, Duration.ZERO, List.of(
                new StackTraceElement("java.nio.channels.FileChannel", "force", "FileChannel.java", 1),
                new StackTraceElement("shop.Store", "save", "Store.java", operations.size() + 1)));
    }
}
