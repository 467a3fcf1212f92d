package dev.linen.internal.elf;

/**
 * Some addresses.
 *
 * @param start the lowest
 * @param end the first above them
 */
public record Range(long start, long end) {

    /** Empty when its size makes it wrap around. */
    static Range of(long start, long bytes) {
        return new Range(start, Long.compareUnsigned(start + bytes, start) < 0 ? start : start + bytes);
    }

    /** Whether an address is one of them. */
    public boolean contains(long address) {
        return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
    }

    boolean contains(long address, long bytes) {
        return contains(address) && Long.compareUnsigned(bytes, end - address) <= 0;
    }
}
