package dev.linen.internal.elf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

import dev.linen.internal.linux.iovec;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;

/** The address space of this process, read with process_vm_readv and a snapshot of /proc/self/maps. */
final class OwnProcess implements AddressSpace {

    private final List<Region> regions = MemoryMap.read().regions();

    @Override
    public boolean read(long address, byte[] into) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(Math.max(into.length, 1));
            MemorySegment local = arena.allocate(iovec.layout());
            iovec.iov_base(local, copy);
            iovec.iov_len(local, into.length);
            MemorySegment remote = arena.allocate(iovec.layout());
            iovec.iov_base(remote, MemorySegment.ofAddress(address));
            iovec.iov_len(remote, into.length);
            long read = Syscall.invoke(SyscallNumber.PROCESS_VM_READV, ProcessHandle.current().pid(), local.address(),
                    1, remote.address(), 1, 0);
            Skip.ifRefused("process_vm_readv", read);
            MemorySegment.copy(copy, JAVA_BYTE, 0, into, 0, into.length);
            return read == into.length;
        }
    }

    Optional<Region> regionAt(long address) {
        return regions.stream().filter(region -> region.contains(address)).findFirst();
    }

    /** Finds the last mapping below the address that belongs to the same file and has offset 0. */
    @Override
    public Optional<LoadedElf> imageAt(long address) {
        return regionAt(address).filter(at -> !at.name().isEmpty())
                .flatMap(at -> regions.stream()
                        .filter(region -> region.start() <= address && region.offset() == 0
                                && region.inode() == at.inode() && region.name().equals(at.name()))
                        .reduce((lower, higher) -> higher))
                .flatMap(first -> LoadedElf.at(this, first.start()));
    }

    @Override
    public boolean isExecutable(long address) {
        return regionAt(address).filter(region -> region.protection().has(Protection.EXEC)).isPresent();
    }

    /** Returns the image that was loaded from a file. */
    LoadedElf image(String nameEnd) {
        Region first = regions.stream().filter(region -> region.name().endsWith(nameEnd)).findFirst().orElseThrow();
        return LoadedElf.at(this, first.start()).orElseThrow();
    }
}
