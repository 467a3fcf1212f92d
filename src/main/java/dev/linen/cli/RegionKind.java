package dev.linen.cli;

import java.util.Locale;

import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;

/**
 * What a part of an address space is for, as far as it can be determined; with its colours on a terminal and in a
 * picture.
 */
enum RegionKind {

    FILE_TEXT("fg(green)", "#8fc88f"), FILE_DATA("fg(cyan)", "#9fd3d9"), HEAP("fg(yellow)", "#f2d479"), JVM(
            "fg(magenta)", "#d3a6d9"), ANONYMOUS("faint", "#d0d0d0"), STACK("fg(blue)",
                    "#93b5e8"), LINEN_STACK("fg(red)", "#f08a6c"), LINEN_GUARD("reverse",
                            "#5c4a48"), LINEN_CODE("bold,fg(red)", "#c9503a"), VDSO("underline", "#a9a28f");

    /** HotSpot puts its Java heap and its classes below this address; the kernel places its mappings far above it. */
    private static final long HOTSPOT_END = 64L << 30;

    private final String style;
    private final String fill;

    RegionKind(String style, String fill) {
        this.style = style;
        this.fill = fill;
    }

    /** The colour on a terminal, in picocli's notation. */
    String style() {
        return style;
    }

    /** The colour in a picture, in SVG's notation. */
    String fill() {
        return fill;
    }

    /** "linen stack" */
    String title() {
        return this == JVM ? name() : name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** The kind of a mapping by itself. It doesn't show whether anonymous memory is the stack of a thread. */
    static RegionKind of(Region region, boolean ofJvm) {
        String name = region.name();
        boolean executable = region.protection().has(Protection.EXEC);
        if (name.startsWith("[v")) { // vdso, vvar, vvar_vclock, vsyscall
            return VDSO;
        } else if (name.equals("[heap]")) {
            return HEAP;
        } else if (name.startsWith("[stack")) {
            return STACK;
        } else if (name.startsWith("/memfd:liblinen.so")) {
            return LINEN_CODE;
        } else if (region.isAnonymous()) {
            boolean low = Long.compareUnsigned(region.end(), HOTSPOT_END) <= 0;
            return ofJvm && (executable || low) ? JVM : ANONYMOUS;
        } else if (name.endsWith(".jsa") || name.contains("/hsperfdata_")) {
            return JVM;
        }
        return executable ? FILE_TEXT : FILE_DATA;
    }
}
