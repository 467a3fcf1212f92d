package dev.linen.internal.elf;

import java.util.OptionalLong;

/** Reads memory that may not be there. */
@FunctionalInterface
public interface MemoryReader {

    /**
     * Copies as many bytes as fit. Never throws and never faults.
     *
     * @param address of the first byte
     * @return false when any of the bytes can't be read; what was copied then means nothing
     */
    boolean read(long address, byte[] into);

    /** The qword at an address; empty when it can't be read. */
    default OptionalLong longAt(long address) {
        try {
            return OptionalLong.of(Bytes.at(this, address, Long.BYTES).u64());
        } catch (Malformed unreadable) {
            return OptionalLong.empty();
        }
    }
}
