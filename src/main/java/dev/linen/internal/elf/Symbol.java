package dev.linen.internal.elf;

/**
 * A function's name and place.
 *
 * @param address where it starts in memory
 * @param size in bytes; 0 when it isn't known, as of functions written in assembly
 */
public record Symbol(String name, long address, long size) {

    /** The name, and how far behind the function's start an address is: {@code memcpy+0x12}. */
    public String plus(long programCounter) {
        return name + "+0x" + Long.toHexString(programCounter - address);
    }
}
