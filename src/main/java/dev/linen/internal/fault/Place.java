package dev.linen.internal.fault;

/**
 * A place in machine code.
 *
 * @param address of the instruction
 * @param function {@code crash+0x12}, {@code libfoo.so+0x1234}, {@code MachineCode+0x3}, or {@code 0x7f2c4a000000}
 * @param file the library or program, without its folder; empty if it is none
 */
public record Place(long address, String function, String file) {}
