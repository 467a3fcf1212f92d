package dev.linen.internal.elf;

/**
 * A range of addresses.
 *
 * @param start the lowest address
 * @param end the address after the highest one
 */
public record Range(long start, long end) {

    /** Returns a range of a given size; it is empty if the size would make it wrap around. */
    static Range of(long start, long bytes) {
        return new Range(start, Long.compareUnsigned(start + bytes, start) < 0 ? start : start + bytes);
    }

    /** Returns whether an address is in this range. */
    public boolean contains(long address) {
        return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
    }

    boolean contains(long address, long bytes) {
        return contains(address) && Long.compareUnsigned(bytes, end - address) <= 0;
    }
}
