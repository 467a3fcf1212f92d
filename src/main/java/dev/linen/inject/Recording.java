package dev.linen.inject;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import dev.linen.inject.RuleSlot.Content;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;

/**
 * Records what happens in a folder: each call of libc that changes a file below it or makes changes durable, with its
 * data and its result, in the order in which the calls were performed.
 *
 * <pre>{@code
 * try (Recording recording = Recording.under(dir)) {
 *     store.put("k", "v");
 *     long acknowledged = recording.position();
 *     recording.stop();
 *     List<Operation> operations = recording.operations();
 * }
 * }</pre>
 *
 * <p>A recording belongs to the whole JVM: the calls of all threads are recorded, one after another, so their timing
 * changes. Recordings of folders that don't contain each other may run at the same time.
 *
 * <p><b>Not seen</b>: stores into mapped memory, before the next {@code msync}; io_uring, whose set-up fails with
 * ENOSYS while anything is recorded; other libraries' own system calls, and linen's; other processes. A mapping or
 * io_uring that exists is reported as {@link Operation.Unseen}.
 */
public final class Recording implements AutoCloseable {

    private static final List<Recording> RUNNING = new ArrayList<>(); // guarded by itself

    private final Path folder;
    private final Supervisor supervisor;
    private final boolean withStacks;
    private final List<Operation> operations = new ArrayList<>(); // guarded by this
    private final RuleSlot slot;
    private final LogReader reader;
    private final long lostBefore;
    private long lost; // guarded by this
    private boolean stopped; // guarded by this

    private Recording(Path folder, long calls, boolean withStacks) {
        this.folder = folder;
        this.withStacks = withStacks;
        supervisor = Supervisor.get();
        List<Operation> unseen = unseenSoFar(folder);
        JavaStacks stacks = JavaStacks.of(supervisor);
        if (withStacks) {
            stacks.begin();
        }
        long from = supervisor.openLog();
        lostBefore = supervisor.lost();
        try {
            slot = RuleSlot.enable(supervisor, Content.recording(calls, folder.toString(), withStacks));
        } catch (RuntimeException | Error noRoom) {
            end();
            throw noRoom;
        }
        reader = new LogReader(supervisor, slot.bit(), stacks, from);
        operations.addAll(unseen);
    }

    private void end() {
        supervisor.closeLog();
        if (withStacks) {
            JavaStacks.of(supervisor).end();
        }
    }

    /**
     * Starts to record, without Java stacks.
     *
     * @param folder an existing folder
     * @return the recording, which has begun
     * @throws IllegalArgumentException if there is no such folder
     * @throws IllegalStateException if another recording has that folder, or one above or below it
     * @throws InjectionUnavailableException if system calls can't be supervised in this process
     */
    public static Recording under(Path folder) {
        return start(folder, /* withStacks */ false);
    }

    /**
     * Starts to record, with the Java stack of each caller. That takes some 30 µs a call; of a virtual thread, for
     * which the JVM makes a thread dump, milliseconds.
     *
     * @param folder an existing folder
     * @return the recording, which has begun
     * @throws IllegalArgumentException if there is no such folder
     * @throws IllegalStateException if another recording has that folder, or one above or below it
     * @throws InjectionUnavailableException if system calls can't be supervised in this process
     */
    public static Recording withStacksUnder(Path folder) {
        return start(folder, /* withStacks */ true);
    }

    private static Recording start(Path folder, boolean withStacks) {
        Path real = requireFolder(folder);
        synchronized (RUNNING) {
            for (Recording other : RUNNING) {
                if (real.startsWith(other.folder) || other.folder.startsWith(real)) {
                    throw new IllegalStateException(real + " can't be recorded, because " + other.folder
                            + " is being recorded: stop that recording first");
                }
            }
            Recording recording = new Recording(real, CallKind.changes(), withStacks);
            RUNNING.add(recording);
            return recording;
        }
    }

    /** Records for a trace: connections too, and beside other recordings. */
    static Recording forTrace(Path folder, boolean withStacks) {
        return new Recording(requireFolder(folder), CallKind.changes() | CallKind.CONNECT.calls(), withStacks);
    }

    /** Returns the canonical path of a folder. The supervisor compares these. */
    static Path requireFolder(Path folder) {
        try {
            if (Files.isDirectory(folder)) {
                return folder.toRealPath();
            }
        } catch (IOException vanished) {
            // as if it had never been there
        }
        throw new IllegalArgumentException(folder + " isn't a folder: create it first, since system calls are compared "
                + "with its canonical path");
    }

    /** Returns what the recording won't see, because it was set up before. */
    private static List<Operation> unseenSoFar(Path folder) {
        List<Operation> unseen = new ArrayList<>();
        for (MemoryMap.Region region : MemoryMap.read().regions()) {
            if (region.shared() && region.protection().has(Protection.WRITE) && region.name().startsWith("/")
                    && Path.of(region.name()).startsWith(folder)) {
                unseen.add(unseen("mmap", Path.of(region.name()), region.name() + " is mapped shared and writable: "
                        + "stores into that memory are seen only at an msync (MappedByteBuffer.force)"));
            }
        }
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                if (isRing(descriptor)) {
                    unseen.add(unseen("io_uring_setup", descriptor, "descriptor " + descriptor.getFileName()
                            + " is an io_uring: what it does isn't seen"));
                }
            }
        } catch (IOException noProc) {
            unseen.add(unseen("io_uring_setup", Path.of("/"), "/proc/self/fd can't be read: there may be an io_uring"));
        }
        return unseen;
    }

    private static boolean isRing(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[io_uring]");
        } catch (IOException closed) {
            return false;
        }
    }

    private static Operation unseen(String call, Path path, String what) {
        return new Operation.Unseen(new Call(-1, call, 0, Call.UNKNOWN, false, 0, Duration.ZERO, List.of()), path,
                FileId.NONE, what);
    }

    /**
     * Returns the folder.
     *
     * @return the real path, without symbolic links
     */
    public Path folder() {
        return folder;
    }

    /**
     * Returns how many operations have been performed so far. A call that has returned to its caller is counted.
     *
     * @return the size of {@link #operations} now: the operations with a lower index have been performed
     */
    public synchronized int position() {
        read();
        return operations.size();
    }

    /**
     * Returns what has been recorded so far, in the order in which it was performed.
     *
     * @return the operations
     * @throws IllegalStateException if more happened than the log had room for; the message names the property for more
     */
    public synchronized List<Operation> operations() {
        read();
        if (lost > 0) {
            throw new IllegalStateException(lost + " operations didn't fit into the log, or weren't seen because the "
                    + "supervisor ended (see the log): set -D"
                    + Supervisor.LOG_PROPERTY
                    + " to more than " + supervisor.log().byteSize() / (1 << 20) + ", or record less at a time");
        }
        return List.copyOf(operations);
    }

    private void read() {
        if (!stopped) {
            reader.read(operations);
            lost = supervisor.lost() - lostBefore;
        }
    }

    /** Ends the recording. {@link #operations} can still be read. Does nothing if it has ended. */
    public void stop() {
        synchronized (RUNNING) {
            RUNNING.remove(this);
        }
        synchronized (this) {
            if (stopped) {
                return;
            }
            slot.close();
            try {
                read();
            } finally {
                stopped = true;
                end();
            }
        }
    }

    /** Like {@link #stop}. */
    @Override
    public void close() {
        stop();
    }
}
