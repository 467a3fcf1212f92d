package dev.linen.internal.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A copy of some memory, read from left to right. It knows at which addresses it lay. */
final class Bytes {

    /** More than any table that is read in one piece; it keeps a corrupt size from filling the heap. */
    private static final long MOST_BYTES = 16L << 20;

    private final long address;
    private final ByteBuffer buffer;

    private Bytes(long address, ByteBuffer buffer) {
        this.address = address;
        this.buffer = buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @throws Malformed unless all of it can be read */
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

    /** The address of the next byte. */
    long position() {
        return address + buffer.position();
    }

    boolean hasMore() {
        return buffer.hasRemaining();
    }

    long remaining() {
        return buffer.remaining();
    }

    /** The next bytes, on their own; these go on behind them. */
    Bytes take(long count) throws Malformed {
        int start = buffer.position();
        skip(count);
        return new Bytes(address + start, buffer.slice(start, (int) count));
    }

    /** The same bytes, from their start. */
    Bytes rewound() {
        return new Bytes(address, buffer.duplicate().rewind());
    }

    /** Forward or, within what was read already, backward. */
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

    /** LEB128: seven bits a byte, the lowest first; the eighth bit says that more follow. */
    long uleb() throws Malformed {
        long value = 0;
        int octet = 0x80;
        for (int shift = 0; (octet & 0x80) != 0; shift += 7) {
            octet = u8();
            value |= shift < Long.SIZE ? (octet & 0x7fL) << shift : 0;
        }
        return value;
    }

    /** The same with a sign: the last byte's bit 6. */
    long sleb() throws Malformed {
        int start = buffer.position();
        long value = uleb();
        int bits = 7 * (buffer.position() - start);
        return bits < Long.SIZE ? value << (Long.SIZE - bits) >> (Long.SIZE - bits) : value;
    }

    /** What is left up to the first 0, which is skipped. */
    String text() throws Malformed {
        int start = buffer.position();
        while (u8() != 0) {
            // on to the end
        }
        return StandardCharsets.UTF_8.decode(buffer.slice(start, buffer.position() - 1 - start)).toString();
    }
}
