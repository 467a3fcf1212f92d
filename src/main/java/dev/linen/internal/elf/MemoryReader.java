package dev.linen.internal.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/** Reads memory that may not be mapped. */
@FunctionalInterface
public interface MemoryReader {

    /**
     * Fills an array with bytes from memory. Never throws and never faults.
     *
     * @param address the address of the first byte
     * @return true if all bytes were read; if false, the contents of the array are undefined
     */
    boolean read(long address, byte[] into);

    /** Returns the 64-bit word at an address; empty if it can't be read. */
    default OptionalLong longAt(long address) {
        byte[] bytes = new byte[Long.BYTES];
        return read(address, bytes)
                ? OptionalLong.of(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong())
                : OptionalLong.empty();
    }
}
