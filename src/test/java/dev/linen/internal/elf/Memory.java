package dev.linen.internal.elf;

import java.util.Optional;
import java.util.function.LongPredicate;

/** Memory that a test makes up: no library is in it. */
record Memory(MemoryReader reader, LongPredicate code) implements AddressSpace {

    Memory(MemoryReader reader) {
        this(reader, address -> false);
    }

    @Override
    public boolean read(long address, byte[] into) {
        return reader.read(address, into);
    }

    @Override
    public Optional<LoadedElf> imageAt(long address) {
        return Optional.empty();
    }

    @Override
    public boolean isExecutable(long address) {
        return code.test(address);
    }
}
