package dev.linen.inject;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

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
    private final List<Operation> operations = new ArrayList<>(); // guarded by this
    private final RuleSlot slot;
    private final LogReader reader;
    private final long device;
    private long lost; // guarded by this
    private boolean stopped; // guarded by this

    /** Why what was recorded at the end couldn't be read. Guarded by this. */
    private @Nullable Throwable failure;

    /** Not begun: the caller first stores it, so that it can be stopped whatever happens. */
    private Recording(Path folder, long calls, boolean withStacks) {
        this.folder = folder;
        device = deviceOf(folder);
        Supervisor supervisor = Supervisor.get();
        slot = RuleSlot.take(supervisor, Content.recording(calls, folder, withStacks));
        boolean opened = false;
        try {
            reader = LogReader.open(supervisor, withStacks);
            opened = true;
        } finally {
            if (!opened) {
                slot.close();
            }
        }
    }

    private static long deviceOf(Path folder) {
        try {
            return FileId.of(folder).device();
        } catch (IOException vanished) {
            throw noFolder(folder);
        }
    }

    void begin() {
        slot.enable();
        List<Operation> unseen = unseenSoFar(folder);
        synchronized (this) {
            operations.addAll(unseen);
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
        Recording recording = new Recording(requireFolder(folder), CallKind.changes(), withStacks);
        boolean begun = false;
        try {
            recording.addRunning();
            recording.begin();
            begun = true;
        } finally {
            if (!begun) {
                recording.stop();
            }
        }
        return recording;
    }

    private void addRunning() {
        synchronized (RUNNING) {
            for (Recording other : RUNNING) {
                if (folder.startsWith(other.folder) || other.folder.startsWith(folder)) {
                    throw new IllegalStateException(folder + " can't be recorded, because " + other.folder
                            + " is being recorded: stop that recording first");
                }
            }
            RUNNING.add(this);
        }
    }

    /** Records for a trace, which begins it: connections too, and beside other recordings. */
    static Recording forTrace(Path folder, boolean withStacks) {
        return new Recording(requireFolder(folder), CallKind.changes() | CallKind.CONNECT.calls(), withStacks);
    }

    /** Returns the canonical path of a folder. The supervisor compares these. */
    static Path requireFolder(Path folder) {
        if (!folder.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException(folder + " is in " + folder.getFileSystem()
                    + ": only files of the default file system are reached by system calls");
        }
        try {
            if (Files.isDirectory(folder)) {
                return folder.toRealPath();
            }
        } catch (IOException vanished) {
            // as if it had never been there
        }
        throw noFolder(folder);
    }

    private static IllegalArgumentException noFolder(Path folder) {
        return new IllegalArgumentException(
                folder + " isn't a folder: create it first, since system calls are compared "
                        + "with its canonical path");
    }

    /** Returns what the recording won't see, because it was set up before. */
    private static List<Operation> unseenSoFar(Path folder) {
        List<Operation> unseen = new ArrayList<>();
        for (MemoryMap.Region region : MemoryMap.read().regions()) {
            if (region.shared() && region.protection().has(Protection.WRITE) && region.name().startsWith("/")) {
                Path file = PathBytes.path(region.name().getBytes(StandardCharsets.UTF_8));
                if (file.startsWith(folder)) {
                    unseen.add(
                            unseen("mmap", file, file + " is mapped shared and writable: stores into that memory are "
                                    + "seen only at an msync (MappedByteBuffer.force)"));
                }
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
     * @throws IllegalStateException if the last ones couldn't be read when the recording was stopped
     */
    public synchronized int position() {
        read();
        requireRead();
        return operations.size();
    }

    /**
     * Returns what has been recorded so far, in the order in which it was performed.
     *
     * @return the operations
     * @throws IllegalStateException if some are missing: more happened than the log had room for, for which the message
     *         names a property; the supervisor ended within a call; or the last ones couldn't be read when the
     *         recording was stopped, of which the cause says why
     */
    public synchronized List<Operation> operations() {
        read();
        requireRead();
        if (lost > 0) {
            throw new IllegalStateException(lost + " operations didn't fit into the log, or weren't seen because the "
                    + "supervisor ended (a warning says so): set -D" + Supervisor.LOG_PROPERTY + " to more than "
                    + reader.logBytes() / (1 << 20) + ", or record less at a time");
        }
        return List.copyOf(operations);
    }

    private void read() {
        if (!stopped) {
            reader.read(slot.bit(), device, operations);
            lost = reader.lost();
        }
    }

    private void requireRead() {
        if (failure != null) {
            throw new IllegalStateException("what was recorded at the end couldn't be read when the recording was "
                    + "stopped: the operations are incomplete", failure);
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
            slot.withdraw();
            try {
                read();
            } catch (RuntimeException | Error failed) { // thrown to those who ask for the operations
                failure = failed;
            } finally {
                slot.close();
                stopped = true;
                reader.close();
            }
        }
    }

    /** Like {@link #stop}. */
    @Override
    public void close() {
        stop();
    }
}
