package dev.linen.internal.elf;

import java.util.Optional;

/** This process's memory, and what is mapped where. */
public interface AddressSpace extends MemoryReader {

    /** The library or program that is mapped at an address; empty when there is none. */
    Optional<LoadedElf> imageAt(long address);

    /** Whether the memory at an address may be executed, whoever wrote it. */
    boolean isExecutable(long address);
}
