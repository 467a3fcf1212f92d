package dev.linen.internal.elf;

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
        try {
            return OptionalLong.of(Bytes.at(this, address, Long.BYTES).u64());
        } catch (Malformed unreadable) {
            return OptionalLong.empty();
        }
    }
}
