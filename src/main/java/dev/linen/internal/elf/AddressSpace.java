package dev.linen.internal.elf;

import java.util.Optional;

/** The memory of this process, and what is mapped where. */
public interface AddressSpace extends MemoryReader {

    /** Returns the library or program that is mapped at an address; empty if there is none. */
    Optional<LoadedElf> imageAt(long address);

    /** Returns whether the memory at an address is executable, including code of JIT compilers. */
    boolean isExecutable(long address);
}
