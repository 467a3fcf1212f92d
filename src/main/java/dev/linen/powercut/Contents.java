package dev.linen.powercut;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/** The bytes of a file. */
final class Contents {

    private byte[] bytes;
    private int length;

    /** Made when it is asked for. */
    private byte @Nullable [] digest;

    private Contents(byte[] bytes) {
        this.bytes = bytes;
        length = bytes.length;
    }

    static Contents of(byte[] bytes) {
        return new Contents(bytes);
    }

    Contents copy() {
        return new Contents(Arrays.copyOf(bytes, length));
    }

    int length() {
        return length;
    }

    ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes, 0, length).asReadOnlyBuffer();
    }

    void write(long offset, ByteBuffer source) {
        int end = Math.toIntExact(offset + source.remaining());
        reserve(end);
        source.duplicate().get(bytes, (int) offset, source.remaining());
        length = Math.max(length, end);
        digest = null;
    }

    void resize(long newLength) {
        int end = Math.toIntExact(newLength);
        reserve(end);
        if (end < length) {
            Arrays.fill(bytes, end, length, (byte) 0); // what a later write leaves out is zero
        }
        length = end;
        digest = null;
    }

    private void reserve(int end) {
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, (int) Math.min(bytes.length * 2L, Integer.MAX_VALUE - 8)));
        }
    }

    byte[] digest() {
        if (digest == null) {
            MessageDigest sha = sha256();
            sha.update(bytes, 0, length);
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
