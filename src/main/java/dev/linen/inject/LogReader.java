package dev.linen.inject;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

import dev.linen.inject.Operation.Durability;
import dev.linen.inject.Operation.SyncKind;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_event;
import dev.linen.syscall.abi.Socket;

/** Reads the events of one rule from the log. While it is open, what is behind its position stays there. */
final class LogReader implements AutoCloseable {

    private static final String[] NAMES = {"open", "open", "creat", "openat", "openat2", "close", "write", "pwrite64",
            "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "truncate", "ftruncate", "fallocate",
            "fsync", "fdatasync", "sync_file_range", "sync", "syncfs", "rename", "renameat", "renameat2", "link",
            "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "msync", "mmap",
            "io_uring_setup", "connect"};

    static final long ANY_DEVICE = -1;

    private static final Path ROOT = Path.of("/");

    private final MemorySegment log;
    private final LongSupplier head;
    private final LongFunction<List<StackTraceElement>> stacks;
    private final LongSupplier lostEver;
    private final Runnable end;
    private final Map<FileId, Integer> generations = new HashMap<>();
    private long next;
    private long lostBefore;

    private LogReader(MemorySegment log, LongSupplier head, LongFunction<List<StackTraceElement>> stacks,
            LongSupplier lostEver, Runnable end) {
        this.log = log;
        this.head = head;
        this.stacks = stacks;
        this.lostEver = lostEver;
        this.end = end;
    }

    /**
     * Reads what will be recorded from now on.
     *
     * @param withStacks whether stacks are to be taken, until it is closed
     */
    static LogReader open(Supervisor supervisor, boolean withStacks) {
        StackRoom.require();
        JavaStacks stacks = JavaStacks.of(supervisor);
        LogReader reader = new LogReader(supervisor.log(), supervisor::head, stacks::of, supervisor::lost,
                () -> end(supervisor, withStacks, stacks));
        if (withStacks) {
            stacks.begin();
        }
        reader.next = supervisor.openLog();
        reader.lostBefore = supervisor.lost();
        return reader;
    }

    private static void end(Supervisor supervisor, boolean withStacks, JavaStacks stacks) {
        try {
            supervisor.closeLog();
        } finally {
            if (withStacks) {
                stacks.end();
            }
        }
    }

    /**
     * Reads a whole log that another process has left behind.
     *
     * @param head where it ends
     * @param stacks the stack of each token
     */
    static LogReader of(MemorySegment log, long head, LongFunction<List<StackTraceElement>> stacks) {
        return new LogReader(log, () -> head, stacks, () -> 0, () -> {
        });
    }

    /** Ends reading, when the rule is out of force. */
    @Override
    public void close() {
        end.run();
    }

    /** Returns how many calls weren't recorded, of any rule. */
    long lost() {
        return lostEver.getAsLong() - lostBefore;
    }

    long logBytes() {
        return log.byteSize();
    }

    /**
     * Adds the events of a rule since the last call to a list. If that fails, the next call goes on where this one
     * failed.
     *
     * @param bit the rule's
     * @param device where the rule's folder is, because a syncfs of another file system isn't about it; or ANY_DEVICE
     */
    void read(long bit, long device, List<Operation> operations) {
        read(bit, device, operations, /* outputBit */ 0, (position, bytes) -> {
        });
    }

    /** The same. What a second rule has recorded is passed on, with the number of operations before it. */
    void read(long bit, long device, List<Operation> operations, long outputBit, BiConsumer<Integer, byte[]> output) {
        for (long until = head.getAsLong(); next < until;) {
            MemorySegment event = log.asSlice(next, linen_event.sizeof());
            if (linen_event.bytes(event) < linen_event.sizeof() || linen_event.bytes(event) > until - next) {
                throw new IllegalStateException("the log is damaged at " + next + ": there is no event");
            }
            MemorySegment whole = log.asSlice(next, linen_event.bytes(event));
            if ((linen_event.recorded(event) & bit) != 0 && !isElsewhere(event, device)) {
                operations.add(operation(event, whole));
            }
            if ((linen_event.recorded(event) & outputBit) != 0) {
                output.accept(operations.size(), data(event, whole).toArray(ValueLayout.JAVA_BYTE));
            }
            next += linen_event.bytes(event);
        }
    }

    private static boolean isElsewhere(MemorySegment event, long device) {
        return linen_event.call(event) == LinenH.LINEN_CALL_SYNCFS && device != ANY_DEVICE
                && linen_event.device(event) != device;
    }

    /** One event with what follows it. */
    private Operation operation(MemorySegment event, MemorySegment whole) {
        long names = linen_event.sizeof();
        byte[] name = bytes(whole, names, linen_event.path_bytes(event));
        byte[] other = bytes(whole, names + linen_event.path_bytes(event), linen_event.other_path_bytes(event));
        Path path = name.length == 0 ? ROOT : PathBytes.path(name);
        int number = linen_event.call(event);
        Call call = call(event, number);
        if (has(event, LinenH.LINEN_EVENT_APART)) {
            return new Operation.Unseen(call, path, FileId.NONE, "a " + NAMES[number] + " of " + path + " by thread "
                    + call.tid() + ", which has descriptors or a working directory of its own (unshare, clone)");
        }
        return switch (number) {
            case LinenH.LINEN_CALL_OPEN_TO_READ, LinenH.LINEN_CALL_OPEN, LinenH.LINEN_CALL_CREAT,
                    LinenH.LINEN_CALL_OPENAT, LinenH.LINEN_CALL_OPENAT2 ->
                new Operation.Open(call, path,
                        file(event, has(event, LinenH.LINEN_EVENT_CREATED) || has(event, LinenH.LINEN_EVENT_UNNAMED)),
                        has(event, LinenH.LINEN_EVENT_CREATED), has(event, LinenH.LINEN_EVENT_TRUNCATED),
                        has(event, LinenH.LINEN_EVENT_UNNAMED), durability(event), (int) call.result());
            case LinenH.LINEN_CALL_CLOSE -> new Operation.Close(call, path, file(event, false), argument(event, 0));
            case LinenH.LINEN_CALL_WRITE, LinenH.LINEN_CALL_PWRITE64, LinenH.LINEN_CALL_WRITEV,
                    LinenH.LINEN_CALL_PWRITEV, LinenH.LINEN_CALL_PWRITEV2, LinenH.LINEN_CALL_COPY_FILE_RANGE,
                    LinenH.LINEN_CALL_SENDFILE, LinenH.LINEN_CALL_MSYNC ->
                new Operation.Write(call, path, file(event, false), linen_event.offset(event), data(event, whole),
                        linen_event.requested(event), durability(event));
            case LinenH.LINEN_CALL_TRUNCATE, LinenH.LINEN_CALL_FTRUNCATE ->
                new Operation.Truncate(call, path, file(event, false), longArgument(event, 1));
            case LinenH.LINEN_CALL_FALLOCATE -> new Operation.Allocate(call, path, file(event, false),
                    argument(event, 1), longArgument(event, 2), longArgument(event, 3));
            case LinenH.LINEN_CALL_FSYNC -> sync(call, path, event, SyncKind.FSYNC);
            case LinenH.LINEN_CALL_FDATASYNC -> sync(call, path, event, SyncKind.FDATASYNC);
            case LinenH.LINEN_CALL_SYNC_FILE_RANGE -> sync(call, path, event, SyncKind.RANGE);
            case LinenH.LINEN_CALL_SYNC, LinenH.LINEN_CALL_SYNCFS -> new Operation.SyncAll(call, path);
            case LinenH.LINEN_CALL_RENAME, LinenH.LINEN_CALL_RENAMEAT, LinenH.LINEN_CALL_RENAMEAT2 ->
                rename(call, path, PathBytes.path(other), event);
            case LinenH.LINEN_CALL_LINK, LinenH.LINEN_CALL_LINKAT ->
                new Operation.Link(call, path, PathBytes.path(other), file(event, false));
            case LinenH.LINEN_CALL_SYMLINK, LinenH.LINEN_CALL_SYMLINKAT ->
                new Operation.Symlink(call, path, file(event, !call.failed()), PathBytes.path(other));
            case LinenH.LINEN_CALL_UNLINK, LinenH.LINEN_CALL_UNLINKAT, LinenH.LINEN_CALL_RMDIR ->
                new Operation.Unlink(call, path, file(event, false), has(event, LinenH.LINEN_EVENT_DIRECTORY));
            case LinenH.LINEN_CALL_MKDIR, LinenH.LINEN_CALL_MKDIRAT ->
                new Operation.MakeDirectory(call, path, file(event, !call.failed()));
            case LinenH.LINEN_CALL_MMAP -> new Operation.Unseen(call, path, file(event, false),
                    path + " is mapped shared and writable: stores into that memory are seen only at an msync "
                            + "(MappedByteBuffer.force)");
            case LinenH.LINEN_CALL_IO_URING_SETUP -> new Operation.Unseen(call, ROOT, FileId.NONE,
                    "an io_uring was refused with ENOSYS, because what it does can't be seen");
            case LinenH.LINEN_CALL_CONNECT ->
                new Operation.Connect(call, ROOT, address(data(event, whole)), argument(event, 0));
            default -> throw new IllegalStateException("an event of an unknown call: " + number);
        };
    }

    private Call call(MemorySegment event, int number) {
        List<StackTraceElement> stack = stacks.apply(linen_event.token(event));
        long result = has(event, LinenH.LINEN_EVENT_UNKNOWN) ? Call.UNKNOWN : linen_event.result(event);
        return new Call(event.address() - log.address(), NAMES[number], linen_event.tid(event), result,
                has(event, LinenH.LINEN_EVENT_INJECTED), linen_event.begin_nanos(event),
                Duration.ofNanos(linen_event.took_nanos(event)), stack);
    }

    private Operation sync(Call call, Path path, MemorySegment event, SyncKind kind) {
        boolean range = kind == SyncKind.RANGE;
        return new Operation.Sync(call, path, file(event, false), kind, has(event, LinenH.LINEN_EVENT_DIRECTORY),
                range ? longArgument(event, 1) : 0, range ? longArgument(event, 2) : 0);
    }

    private Operation rename(Call call, Path path, Path to, MemorySegment event) {
        long replaced = linen_event.other_inode(event);
        boolean exchanged = linen_event.call(event) == LinenH.LINEN_CALL_RENAMEAT2
                && (argument(event, 4) & Kernel.AT_RENAME_EXCHANGE) != 0;
        return new Operation.Rename(call, path, to, file(event, false),
                replaced == 0 ? FileId.NONE : identity(linen_event.device(event), replaced), exchanged);
    }

    private FileId file(MemorySegment event, boolean created) {
        long device = linen_event.device(event);
        long inode = linen_event.inode(event);
        if (inode == 0) {
            return FileId.NONE;
        }
        if (created) {
            generations.merge(new FileId(device, inode, 0), 1, Integer::sum);
        }
        return identity(device, inode);
    }

    private FileId identity(long device, long inode) {
        return new FileId(device, inode, generations.getOrDefault(new FileId(device, inode, 0), 0));
    }

    private static Durability durability(MemorySegment event) {
        return has(event, LinenH.LINEN_EVENT_SYNC)
                ? Durability.FILE
                : has(event, LinenH.LINEN_EVENT_DSYNC) ? Durability.DATA : Durability.NONE;
    }

    private static MemorySegment data(MemorySegment event, MemorySegment whole) {
        long bytes = linen_event.data_bytes(event);
        long at = linen_event.sizeof() + linen_event.path_bytes(event) + linen_event.other_path_bytes(event);
        if (has(event, LinenH.LINEN_EVENT_NO_DATA)) {
            return Operation.Write.NO_DATA;
        }
        return MemorySegment.ofArray(whole.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE)).asReadOnly();
    }

    /** A struct sockaddr as people write it: 127.0.0.1:80. */
    private static String address(MemorySegment sockaddr) {
        if (sockaddr.byteSize() < 8) {
            return "?";
        }
        int port = sockaddr.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), 2) & 0xffff;
        return switch (sockaddr.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0)) {
            case Socket.AF_UNIX ->
                new String(sockaddr.asSlice(2).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8)
                        .replaceFirst("\0.*", "");
            case Socket.AF_INET -> internet(sockaddr.asSlice(4, 4)).map(host -> host + ":" + port).orElse("?");
            case Socket.AF_INET6 -> sockaddr.byteSize() < 24
                    ? "?"
                    : internet(sockaddr.asSlice(8, 16)).map(host -> "[" + host + "]:" + port).orElse("?");
            default -> "?";
        };
    }

    private static Optional<String> internet(MemorySegment address) {
        try {
            return Optional.of(InetAddress.getByAddress(address.toArray(ValueLayout.JAVA_BYTE))
                    .getHostAddress());
        } catch (UnknownHostException impossible) {
            return Optional.empty();
        }
    }

    private static byte[] bytes(MemorySegment whole, long at, long bytes) {
        return whole.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE);
    }

    private static boolean has(MemorySegment event, int flag) {
        return (linen_event.flags(event) & flag) != 0;
    }

    private static int argument(MemorySegment event, int index) {
        return (int) longArgument(event, index);
    }

    private static long longArgument(MemorySegment event, int index) {
        return linen_event.arguments(event).getAtIndex(ValueLayout.JAVA_LONG, index);
    }
}
