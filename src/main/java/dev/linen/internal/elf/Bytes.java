package dev.linen.internal.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A copy of a range of memory, with a read position. It keeps the addresses of the original. */
final class Bytes {

    /**
     * A limit that is larger than any table that is read in one piece. It prevents a corrupt size from filling the
     * heap.
     */
    private static final long MOST_BYTES = 16L << 20;

    private final long address;
    private final ByteBuffer buffer;

    private Bytes(long address, ByteBuffer buffer) {
        this.address = address;
        this.buffer = buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @throws Malformed if not all of the range can be read */
    static Bytes at(MemoryReader memory, long address, long count) throws Malformed {
        if (count < 0 || count > MOST_BYTES) {
            throw new Malformed("too many bytes");
        }
        byte[] copy = new byte[(int) count];
        if (!memory.read(address, copy)) {
            throw new Malformed("unreadable");
        }
        return new Bytes(address, ByteBuffer.wrap(copy));
    }

    /** Returns the address of the next byte. */
    long position() {
        return address + buffer.position();
    }

    boolean hasMore() {
        return buffer.hasRemaining();
    }

    long remaining() {
        return buffer.remaining();
    }

    /** Returns the next bytes as a separate object, and skips them here. */
    Bytes take(long count) throws Malformed {
        if (count < 0) {
            throw new Malformed("a negative length");
        }
        int start = buffer.position();
        skip(count);
        return new Bytes(address + start, buffer.slice(start, (int) count));
    }

    /** Returns the same bytes, positioned at the start. */
    Bytes rewound() {
        return new Bytes(address, buffer.duplicate().rewind());
    }

    /** Moves the position forward, or backward for a negative count. */
    void skip(long count) throws Malformed {
        if (count > buffer.remaining() || count < -buffer.position()) {
            throw new Malformed("beyond the end");
        }
        buffer.position(buffer.position() + (int) count);
    }

    private ByteBuffer need(int count) throws Malformed {
        if (buffer.remaining() < count) {
            throw new Malformed("cut short");
        }
        return buffer;
    }

    int u8() throws Malformed {
        return Byte.toUnsignedInt(need(Byte.BYTES).get());
    }

    byte s8() throws Malformed {
        return need(Byte.BYTES).get();
    }

    int u16() throws Malformed {
        return Short.toUnsignedInt(need(Short.BYTES).getShort());
    }

    short s16() throws Malformed {
        return need(Short.BYTES).getShort();
    }

    long u32() throws Malformed {
        return Integer.toUnsignedLong(need(Integer.BYTES).getInt());
    }

    int s32() throws Malformed {
        return need(Integer.BYTES).getInt();
    }

    long u64() throws Malformed {
        return need(Long.BYTES).getLong();
    }

    /**
     * Reads an unsigned LEB128 number: seven bits per byte, lowest bits first. The eighth bit is set if more bytes
     * follow.
     */
    long uleb() throws Malformed {
        long value = 0;
        int octet = 0x80;
        for (int shift = 0; (octet & 0x80) != 0; shift += 7) {
            octet = u8();
            value |= shift < Long.SIZE ? (octet & 0x7fL) << shift : 0;
        }
        return value;
    }

    /** Reads a signed LEB128 number: bit 6 of the last byte is the sign. */
    long sleb() throws Malformed {
        int start = buffer.position();
        long value = uleb();
        int bits = 7 * (buffer.position() - start);
        return bits < Long.SIZE ? value << (Long.SIZE - bits) >> (Long.SIZE - bits) : value;
    }

    /** Reads a 0-terminated string. */
    String text() throws Malformed {
        int start = buffer.position();
        while (u8() != 0) {
            // search for the end
        }
        return StandardCharsets.UTF_8.decode(buffer.slice(start, buffer.position() - 1 - start)).toString();
    }
}
