package dev.linen.junit;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.registry.CodeMemory;
import dev.linen.internal.registry.KeptMemory;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;

/**
 * Finds memory that is mapped now and wasn't before. What counts is who mapped it, never its size:
 *
 * <ul>
 * <li>libc's arenas, large malloc chunks and stacks: {@link LibcMemory};
 * <li>loaded libraries: {@link LoadedLibraries};
 * <li>linen's stacks and machine code: the records of both;
 * <li>the kernel's, which have names;
 * <li>the JVM's: it reserves the addresses of the Java heap, of compiled code and of its tables when it starts, and
 * later changes only what is in them. What it reserves while it runs, for class data, it names when it is asked:
 * {@link JvmResources}.
 * </ul>
 *
 * <p>Addresses are compared, not mappings: the kernel merges adjacent mappings, and splits one if the protection of a
 * part changes.
 */
final class NewMappings {

    /**
     * What was unexplained at the first snapshot and has been mapped since: most of it is the JVM's, and it is large.
     * It isn't searched again.
     */
    private static @Nullable Ranges sinceTheFirst;

    private NewMappings() {}

    /** The mappings of which neither libc, nor linen, nor the kernel says that it made them. */
    record Unexplained(List<Region> regions, Ranges ranges, Ranges linens) {}

    /** @throws IOException if this process's memory can't be read, so that libc's isn't known */
    static synchronized Unexplained now() throws IOException {
        try (OwnPages memory = new OwnPages()) {
            List<Region> regions = MemoryMap.read().regions();
            Ranges mapped = Ranges.of(regions);
            Ranges known = sinceTheFirst == null ? javaHeap() : sinceTheFirst.and(mapped);
            Ranges linens = linens();
            Ranges explained = LoadedLibraries.in(memory).or(linens)
                    .or(Ranges.of(regions.stream().filter(NewMappings::isKernels).toList()));
            Ranges candidates = Ranges.of(regions.stream().filter(NewMappings::mayBeLibcs).toList())
                    .minus(explained);
            explained = explained.or(LibcMemory.in(memory, candidates, known, mapped));
            Ranges unexplained = mapped.minus(explained);
            sinceTheFirst = sinceTheFirst == null ? unexplained : known;
            return new Unexplained(regions, unexplained, linens);
        }
    }

    /** Isn't searched: two numbers in an array could look like the header of a malloc chunk. */
    private static Ranges javaHeap() {
        try {
            return JvmResources.javaHeap();
        } catch (JvmResources.Unknown unknown) {
            return new Ranges(List.of());
        }
    }

    private static Ranges linens() {
        return Ranges.pagesOf(Stream.concat(KeptMemory.ranges().stream(), CodeMemory.ranges().stream()).toList());
    }

    private static boolean isKernels(Region region) {
        return region.name().equals("[heap]") || region.name().equals("[stack]") || region.name().startsWith("[v");
    }

    private static boolean mayBeLibcs(Region region) {
        return region.isAnonymous() && !region.shared() && region.protection().equals(Protection.READ_WRITE);
    }

    /**
     * Returns what is in the second snapshot and not in the first. Memory of a stack pool that the garbage collector has
     * taken meanwhile was there before, too.
     */
    static List<Region> between(Unexplained before, Unexplained after) throws JvmResources.Unknown {
        Ranges more = after.ranges().minus(before.ranges()).minus(before.linens());
        return more.inOrder().isEmpty() ? List.of() : more.minus(JvmResources.classData()).partsOf(after.regions());
    }
}
