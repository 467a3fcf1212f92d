package dev.linen.powercut;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * A small store: a log to which each change is appended and synced, and a snapshot that replaces the log from time to
 * time. It has a bug if one is asked for.
 */
final class WalStore implements AutoCloseable {

    /** What such stores get wrong. */
    enum Bug {
        NONE,
        /** A power cut may bring back the old snapshot, whose log is gone. */
        NO_DIRECTORY_SYNC_AFTER_RENAME,
        /** The new name may be on the disk before the bytes. */
        NO_SYNC_BEFORE_RENAME,
        /** What was put may not be there. */
        LOG_NOT_SYNCED,
        /** The log may not be there, though its bytes are. */
        NO_DIRECTORY_SYNC_AFTER_CREATE,
        /** The end of the log may be half written. */
        NO_CHECKSUM,
        /** Between the two there is neither. */
        LOG_CUT_BEFORE_RENAME
    }

    private static final int HEADER = 2 * Integer.BYTES;

    private final Path folder;
    private final Bug bug;
    private final Map<String, String> map = new TreeMap<>();
    private final FileChannel log;

    WalStore(Path folder, Bug bug) throws IOException {
        this.folder = folder;
        this.bug = bug;
        Path snapshot = folder.resolve("snap");
        Path file = folder.resolve("wal");
        if (Files.exists(snapshot)) {
            read(Files.readAllBytes(snapshot), /* whole */ true);
        }
        boolean isNew = !Files.exists(file);
        if (!isNew) {
            read(Files.readAllBytes(file), /* whole */ false);
        }
        log = FileChannel.open(file, CREATE, WRITE, APPEND);
        if (isNew && bug != Bug.NO_DIRECTORY_SYNC_AFTER_CREATE) {
            syncFolder();
        }
    }

    /** Reads records up to the first that isn't whole. Only the end of a log may lack something. */
    private void read(byte[] bytes, boolean whole) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes).mark();
        while (in.remaining() >= HEADER) {
            int length = in.getInt();
            int checksum = in.getInt();
            if (length <= 0 || length > in.remaining()) {
                break;
            }
            byte[] record = new byte[length];
            in.get(record);
            if (checksum(record) != checksum && bug != Bug.NO_CHECKSUM) {
                break;
            }
            String[] parts = new String(record, StandardCharsets.UTF_8).split("=", 2);
            if (parts.length != 2) {
                throw new IOException("not a record");
            }
            map.put(parts[0], parts[1]);
            in.mark();
        }
        in.reset();
        if (whole && in.hasRemaining()) {
            throw new IOException("the snapshot is damaged");
        }
    }

    private static int checksum(byte[] record) {
        CRC32 crc = new CRC32();
        crc.update(record);
        return (int) crc.getValue();
    }

    private static ByteBuffer record(String key, String value) {
        byte[] record = (key + "=" + value).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(HEADER + record.length).putInt(record.length).putInt(checksum(record)).put(record)
                .flip();
    }

    private void syncFolder() throws IOException {
        try (FileChannel directory = FileChannel.open(folder, READ)) {
            directory.force(true);
        }
    }

    void put(String key, String value) throws IOException {
        log.write(record(key, value));
        if (bug != Bug.LOG_NOT_SYNCED) {
            log.force(false);
        }
        map.put(key, value);
    }

    void checkpoint() throws IOException {
        Path snapshot = folder.resolve("snap.tmp");
        if (bug == Bug.LOG_CUT_BEFORE_RENAME) {
            cutLog();
        }
        try (FileChannel file = FileChannel.open(snapshot, CREATE, TRUNCATE_EXISTING, WRITE)) {
            for (Map.Entry<String, String> entry : map.entrySet()) {
                file.write(record(entry.getKey(), entry.getValue()));
            }
            if (bug != Bug.NO_SYNC_BEFORE_RENAME) {
                file.force(true);
            }
        }
        Files.move(snapshot, folder.resolve("snap"), StandardCopyOption.ATOMIC_MOVE);
        if (bug != Bug.NO_DIRECTORY_SYNC_AFTER_RENAME) {
            syncFolder();
        }
        cutLog();
    }

    private void cutLog() throws IOException {
        log.truncate(0);
        log.force(false);
    }

    Map<String, String> map() {
        return Map.copyOf(map);
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
