package dev.linen.cli;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_slab;
import dev.linen.internal.stack.ThreadLocals;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;
import dev.linen.thread.NativeThread;
import dev.linen.thread.StackBuffer;

/**
 * All of a process's memory, divided into parts by what each is for. A part is one mapping, unless the
 * mapping holds linen's stacks: those are split into stacks and guards, since one mapping holds many of them.
 */
final class ProcessMemory {

    private final List<Part> parts = new ArrayList<>();

    /**
     * A part of the address space.
     *
     * @param start its lowest address
     * @param end the address after its last byte
     * @param access as in /proc/self/maps: "rw-p"
     * @param kind what it is for
     * @param name the file's name, the kernel's name, or the name of the thread whose stack this is
     */
    record Part(long start, long end, String access, RegionKind kind, String name) {

        long byteSize() {
            return end - start;
        }

        boolean holds(long address) {
            return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
        }
    }

    /**
     * Determines the kind of each mapping.
     *
     * @param regions the mappings, lowest address first
     * @param stacks the names of threads, by their stack pointers
     */
    ProcessMemory(List<Region> regions, Map<Long, String> stacks) {
        boolean ofJvm = regions.stream().anyMatch(region -> region.name().endsWith("/libjvm.so"));
        for (Region region : regions) {
            Part part = new Part(region.start(), region.end(), access(region), RegionKind.of(region, ofJvm),
                    region.name());
            String thread = stacks.entrySet().stream().filter(stack -> part.holds(stack.getKey())).findFirst()
                    .map(Map.Entry::getValue).orElse("");
            parts.add(thread.isEmpty() || part.kind() != RegionKind.ANONYMOUS
                    ? part
                    : new Part(part.start(), part.end(), part.access(), RegionKind.STACK, thread));
        }
    }

    private static String access(Region region) {
        Protection protection = region.protection();
        return (protection.has(Protection.READ) ? "r" : "-") + (protection.has(Protection.WRITE) ? "w" : "-")
                + (protection.has(Protection.EXEC) ? "x" : "-") + (region.shared() ? "s" : "p");
    }

    /**
     * Marks a thread's stack, the guards around it, and the memory that it shares with the other threads of its slab.
     */
    void mark(NativeThread thread) {
        StackBuffer stack = thread.stack();
        long top = stack.address() + stack.byteSize();
        long stackBottom = top - stack.stackSize();
        long guardBottom = stackBottom - stack.guardSize();
        long signalStack = linen_control.signal_stack(stack.control());
        String name = "linen thread " + thread.tid();
        mark(stack.address(), signalStack, RegionKind.LINEN_GUARD, name + ": outer guard");
        mark(signalStack, guardBottom, RegionKind.LINEN_STACK, name + ": signal stack");
        mark(guardBottom, stackBottom, RegionKind.LINEN_GUARD, name + ": guard");
        mark(stackBottom, top, RegionKind.LINEN_STACK, name + ": stack");
        if (thread.kind() == NativeThread.Kind.CLONE) {
            markShared(stack.threadLocals());
        }
    }

    private void markShared(MemorySegment locals) {
        ThreadLocals ofCpu = ThreadLocals.ofThisCpu();
        MemorySegment guard = ofCpu.guard(locals.address());
        MemorySegment page = ofCpu.page(locals.address());
        MemorySegment slab = MemorySegment.ofAddress(ofCpu.slab(locals.address())).reinterpret(linen_slab.sizeof());
        long controls = linen_slab.controls(slab);
        long controlBytes = linen_slab.buffers(slab) * linen_control.sizeof();
        mark(guard.address(), guard.address() + guard.byteSize(), RegionKind.LINEN_GUARD, "linen threads: TLS guard");
        mark(page.address(), page.address() + page.byteSize(), RegionKind.LINEN_STACK, "linen threads: TLS block");
        mark(controls, pageEnd(controls + controlBytes), RegionKind.LINEN_STACK, "linen threads: control blocks");
    }

    private static long pageEnd(long address) {
        return (address + Mapping.pageSize() - 1) / Mapping.pageSize() * Mapping.pageSize();
    }

    /** Gives a range another kind and name. A part that it covers only partly is split there. */
    void mark(long start, long end, RegionKind kind, String name) {
        cutAt(start);
        cutAt(end);
        parts.replaceAll(part -> Long.compareUnsigned(start, part.start()) <= 0
                && Long.compareUnsigned(part.end(), end) <= 0
                        ? new Part(part.start(), part.end(), access(part, kind), kind, name)
                        : part);
    }

    /** In /proc, a guard that isn't a mapping of its own has the access of the mapping around it. */
    private static String access(Part part, RegionKind kind) {
        return kind == RegionKind.LINEN_GUARD ? "---p" : part.access();
    }

    private void cutAt(long address) {
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            if (part.start() != address && part.holds(address)) {
                parts.set(i, new Part(part.start(), address, part.access(), part.kind(), part.name()));
                parts.add(i + 1, new Part(address, part.end(), part.access(), part.kind(), part.name()));
                return;
            }
        }
    }

    /** Lowest address first. */
    List<Part> parts() {
        return List.copyOf(parts);
    }

    /** The number of bytes of each kind that occurs. */
    Map<RegionKind, Long> bytesByKind() {
        Map<RegionKind, Long> bytes = new TreeMap<>();
        parts.forEach(part -> bytes.merge(part.kind(), part.byteSize(), Long::sum));
        return bytes;
    }
}
