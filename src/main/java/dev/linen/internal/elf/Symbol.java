package dev.linen.internal.elf;

/**
 * The name and the address of a function.
 *
 * @param address the start of the function in memory
 * @param size the size in bytes; 0 if it isn't known, as for some functions in assembly
 */
public record Symbol(String name, long address, long size) {

    /** Returns the name, and the offset of an address from the start of the function: {@code memcpy+0x12}. */
    public String plus(long programCounter) {
        return name + "+0x" + Long.toHexString(programCounter - address);
    }
}
