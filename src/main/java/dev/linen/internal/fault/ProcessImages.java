package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.elf.AddressSpace;
import dev.linen.internal.elf.LoadedElf;
import dev.linen.internal.elf.Symbols;
import dev.linen.internal.registry.CodeMemory;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;

/**
 * The programs and libraries in this process's memory, and what their functions are called; as one fault's reader sees
 * them. Asks the kernel for one address after the other, because a JVM has hundreds of mappings. What was found out
 * about a library is kept for the next fault.
 */
final class ProcessImages implements AddressSpace {

    private static final int MOST_KEPT = 32;
    private static final String MAPS = "/proc/self/maps";
    private static final String DELETED = " (deleted)";

    private record Image(LoadedElf elf, Symbols symbols) {}

    /**
     * By base, device, inode, name and time of modification: an unloaded library may have another one in its place. The
     * least recently used one is evicted. Guarded by itself.
     */
    private static final Map<List<Object>, Optional<Image>> IMAGES = new LinkedHashMap<>(16, 0.75f,
            /* accessOrder */ true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, Optional<Image>> eldest) {
            return size() > MOST_KEPT;
        }
    };

    private final MemorySegment stack;

    /** Of the stack of the thread that had the fault; null where there was no memory for it. */
    private final @Nullable StackCopy copy;
    private final PageCache memory = new PageCache();
    private final List<Region> regions = new ArrayList<>();
    private boolean blind;
    private final Map<Long, Optional<Image>> images = new HashMap<>();

    ProcessImages(MemorySegment stack, @Nullable StackCopy copy) {
        this.stack = stack;
        this.copy = copy;
    }

    @Override
    public boolean read(long address, byte[] into) {
        if (Surroundings.contains(stack, address)) { // it may be another thread's by now
            return copy != null && copy.read(address, into);
        }
        return memory.read(address, into);
    }

    @Override
    public boolean isExecutable(long address) {
        return region(address).filter(region -> region.protection().has(Protection.EXEC)).isPresent();
    }

    @Override
    public Optional<LoadedElf> imageAt(long address) {
        return region(address).flatMap(this::image).map(Image::elf);
    }

    private Optional<Region> region(long address) {
        Optional<Region> known = regions.stream().filter(region -> region.contains(address)).findFirst();
        if (known.isEmpty()) {
            try {
                known = MemoryMap.regionAt(address);
            } catch (RuntimeException unknown) { // no file descriptor is left, or there is no /proc
                blind = true;
                return Optional.empty();
            }
            known.ifPresent(regions::add);
        }
        return known;
    }

    /**
     * Where an address is.
     *
     * @param programCounter what is shown
     * @param instruction an address within the instruction, by which to look
     */
    Place locate(long programCounter, long instruction) {
        Optional<Region> mapped = region(instruction);
        OptionalLong code = CodeMemory.beginOf(instruction);
        if (code.isPresent()) {
            return new Place(programCounter, "MachineCode+" + hex(programCounter - code.getAsLong()), "");
        }
        if (mapped.isEmpty()) {
            return new Place(programCounter, hex(programCounter), blind ? "" : "not mapped");
        }
        Region region = mapped.get();
        String file = fileName(region);
        Optional<Image> image = image(region);
        if (image.isEmpty()) {
            return new Place(programCounter, hex(programCounter), file.isEmpty() ? "anonymous memory" : file);
        }
        String function = image.get().symbols().at(instruction).map(symbol -> symbol.plus(programCounter))
                .orElseGet(() -> file + "+" + hex(image.get().elf().fileAddress(programCounter)));
        return new Place(programCounter, function, file);
    }

    /** The name of the symbol of a library that a pointer points to, by an address in that library. */
    Optional<String> symbolNameAt(long pointer, long inLibrary) {
        return imageAt(inLibrary).flatMap(image -> image.symbolNameAt(pointer));
    }

    private static String fileName(Region region) {
        String name = region.name().endsWith(DELETED)
                ? region.name().substring(0, region.name().length() - DELETED.length())
                : region.name();
        return name.substring(name.lastIndexOf('/') + 1).replaceFirst("^memfd:", "");
    }

    private Optional<Image> image(Region region) {
        boolean isFile = region.inode() != 0 || region.name().equals("[vdso]");
        return isFile ? images.computeIfAbsent(region.start(), start -> load(region)) : Optional.empty();
    }

    private Optional<Image> load(Region region) {
        Region lowest = lowestOfSameFile(region);
        List<Object> key = List.of(lowest.start(), region.device(), region.inode(), region.name(),
                new File(region.name()).lastModified());
        Optional<Image> known;
        synchronized (IMAGES) {
            known = IMAGES.get(key);
        }
        if (known == null) { // two threads may read the same file: better than to wait for each other's files
            known = LoadedElf.at(new PageCache(), lowest.start()).map(elf -> new Image(elf, symbols(elf, lowest)));
            if (!blind && canOpenFiles()) { // otherwise the next report may find out more
                synchronized (IMAGES) {
                    IMAGES.put(key, known);
                }
            }
        }
        return known;
    }

    /** Whether a file can be opened at all, so that what wasn't found isn't there. */
    static boolean canOpenFiles() {
        try {
            new RandomAccessFile(MAPS, "r").close();
            return true;
        } catch (IOException noDescriptor) {
            return false;
        }
    }

    private Region lowestOfSameFile(Region region) {
        Region lowest = region;
        for (Optional<Region> below = Optional.of(region); below.isPresent()
                && below.get().inode() == region.inode() && below.get().name().equals(region.name());) {
            lowest = below.get();
            below = region(lowest.start() - 1);
        }
        return lowest;
    }

    /** A file that was deleted, or never had a name (a memfd), can still be had by its mapping, by root. */
    private static Symbols symbols(LoadedElf elf, Region lowest) {
        if (lowest.inode() == 0) {
            return Symbols.of(elf);
        }
        try {
            Path file = lowest.name().endsWith(DELETED)
                    ? Path.of("/proc/self/map_files",
                            Long.toHexString(lowest.start()) + "-" + Long.toHexString(lowest.end()))
                    : Path.of(lowest.name());
            return Symbols.of(elf, file);
        } catch (InvalidPathException otherCharset) { // of the locale: "C" has only ASCII
            return Symbols.of(elf);
        }
    }
}
