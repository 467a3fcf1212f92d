package dev.linen.powercut;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/** The bytes of a file of any length: of a store's preallocated gigabytes only what was written takes memory. */
final class Contents {

    private static final int CHUNK = 1 << 14;

    /** By their offset divided by CHUNK. What isn't here is zero, and so is what is behind an array's end. */
    private final SortedMap<Long, Chunk> chunks;
    private long length;

    /** Chunks with this owner may be changed in place. Others are shared with a copy. */
    private Object owner = new Object();

    /** Made when it is asked for. */
    private byte @Nullable [] digest;

    private static final class Chunk {

        private final Object owner;
        private final byte[] bytes;

        Chunk(Object owner, byte[] bytes) {
            this.owner = owner;
            this.bytes = bytes;
        }
    }

    private Contents(SortedMap<Long, Chunk> chunks, long length) {
        this.chunks = chunks;
        this.length = length;
    }

    static Contents of(byte[] bytes) {
        Contents contents = new Contents(new TreeMap<>(), 0);
        contents.write(0, ByteBuffer.wrap(bytes));
        return contents;
    }

    /** Returns what is in a file now. */
    static Contents read(Path path) throws IOException {
        Contents contents = of(new byte[0]);
        try (FileChannel file = FileChannel.open(path)) {
            ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
            for (long offset = 0; file.read(buffer.clear(), offset) > 0; offset += buffer.remaining()) {
                contents.append(buffer.flip().array(), buffer.limit());
            }
        }
        return contents;
    }

    /** Adds bytes at the end. Zeros take no memory: they may be a hole. */
    void append(byte[] bytes, int count) {
        if (end(bytes, count) > 0) {
            write(length, ByteBuffer.wrap(bytes, 0, count));
        } else {
            resize(length + count);
        }
    }

    Contents copy() {
        owner = new Object();
        return new Contents(new TreeMap<>(chunks), length);
    }

    long length() {
        return length;
    }

    void write(long offset, ByteBuffer source) {
        ByteBuffer from = source.duplicate();
        for (long at = offset; from.hasRemaining();) {
            int begin = (int) (at % CHUNK);
            int count = Math.min(from.remaining(), CHUNK - begin);
            from.get(chunk(at / CHUNK, begin + count), begin, count);
            at += count;
            length = Math.max(length, at);
        }
        digest = null;
    }

    /** Returns a chunk's bytes to be changed, at least so many. */
    private byte[] chunk(long index, int count) {
        Chunk old = chunks.get(index);
        byte[] bytes = old == null ? new byte[0] : old.bytes;
        if (old == null || !old.owner.equals(owner) || bytes.length < count) {
            int room = bytes.length < count ? Math.min(CHUNK, Math.max(count, 2 * bytes.length)) : bytes.length;
            bytes = Arrays.copyOf(bytes, room);
            chunks.put(index, new Chunk(owner, bytes));
        }
        return bytes;
    }

    void resize(long newLength) {
        if (newLength < length) { // what a later write leaves out is zero
            chunks.tailMap((newLength + CHUNK - 1) / CHUNK).clear();
            int kept = (int) (newLength % CHUNK);
            chunks.computeIfPresent(newLength / CHUNK, (index, last) -> last.bytes.length <= kept
                    ? last
                    : new Chunk(owner, Arrays.copyOf(last.bytes, kept)));
        }
        length = newLength;
        digest = null;
    }

    /** Returns the index behind the last byte that isn't zero. */
    private static int end(byte[] bytes, int length) {
        int end = length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return end;
    }

    /** Writes them to a new file, with holes where nothing was written. */
    void writeTo(FileChannel file) throws IOException {
        for (Map.Entry<Long, Chunk> chunk : chunks.entrySet()) {
            long offset = chunk.getKey() * CHUNK;
            byte[] bytes = chunk.getValue().bytes;
            write(file, ByteBuffer.wrap(bytes, 0, (int) Math.min(bytes.length, length - offset)), offset);
        }
        if (file.size() < length) {
            write(file, ByteBuffer.allocate(1), length - 1);
        }
    }

    private static void write(FileChannel file, ByteBuffer bytes, long offset) throws IOException {
        for (long at = offset; bytes.hasRemaining();) {
            at += file.write(bytes, at);
        }
    }

    /** The same for the same bytes, however they were written. */
    byte[] digest() {
        if (digest == null) {
            MessageDigest sha = sha256();
            ByteBuffer head = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);
            chunks.forEach((index, chunk) -> {
                int end = end(chunk.bytes, chunk.bytes.length);
                if (end > 0) {
                    sha.update(head.clear().putLong(index).putInt(end).flip());
                    sha.update(chunk.bytes, 0, end);
                }
            });
            sha.update(head.clear().putLong(length).flip());
            digest = sha.digest();
        }
        return digest;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) { // every Java has it
            throw new AssertionError(impossible);
        }
    }
}
