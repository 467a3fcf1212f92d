package dev.linen.cli;

import java.util.List;
import java.util.Locale;

import dev.linen.cli.ProcessMemory.Part;

/**
 * An address space as an SVG picture: a column of boxes with the highest address at the top, as stacks are drawn. The
 * height of a box grows with the logarithm of its size, so that a page is visible beside a gigabyte. All gaps between
 * boxes have the same height.
 *
 * <pre>
 *      legend
 *      address  ┌──────────┐
 *               │   kind   │  size  access  name
 *      address  ├──────────┤
 * </pre>
 */
final class MapsPicture {

    private static final int WIDTH = 900;
    private static final int BOX_X = 120;
    private static final int BOX_WIDTH = 220;
    private static final int LEGEND_ROW = 18;
    private static final int GAP = 10;
    private static final int LEAST_HEIGHT = 12;
    private static final int HEIGHT_OF_DOUBLE = 2;
    private static final int PAGE_BITS = 12;
    private static final int LONGEST_NAME = 80;

    private final StringBuilder svg = new StringBuilder();
    private final long pid;
    private final ProcessMemory memory;
    private int y;

    MapsPicture(long pid, ProcessMemory memory) {
        this.pid = pid;
        this.memory = memory;
        y = 2 * LEGEND_ROW;
        memory.bytesByKind().forEach(this::legend);
        y += GAP;
        List<Part> highestFirst = memory.parts().reversed();
        for (int i = 0; i < highestFirst.size(); i++) {
            if (i > 0 && highestFirst.get(i - 1).start() != highestFirst.get(i).end()) {
                add("<path class=\"gap\" d=\"M%d %d v%d m%d 0 v-%d\"/>", BOX_X, y, GAP, BOX_WIDTH, GAP);
                y += GAP;
            }
            box(highestFirst.get(i));
        }
    }

    private void legend(RegionKind kind, long bytes) {
        add("<rect x=\"%d\" y=\"%d\" width=\"24\" height=\"12\" fill=\"%s\"/>", BOX_X, y, kind.fill());
        add("<text x=\"%d\" y=\"%d\">%s, %s</text>", BOX_X + 32, y + 10, kind.title(), MapsReport.size(bytes));
        y += LEGEND_ROW;
    }

    private void box(Part part) {
        int height = height(part.byteSize());
        String text = MapsReport.size(part.byteSize()) + "  " + part.access() + "  " + part.name();
        String range = Long.toHexString(part.start()) + "-" + Long.toHexString(part.end());
        add("<g><title>%s%n%s%n%s</title>", range, part.kind().title(), escaped(text));
        add("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"#555\"/>", BOX_X, y, BOX_WIDTH,
                height, part.kind().fill());
        y += height;
        add("<text class=\"address\" x=\"%d\" y=\"%d\">%s</text>", BOX_X - 6, y, Long.toHexString(part.start()));
        String shown = text.length() > LONGEST_NAME ? text.substring(0, LONGEST_NAME) + "..." : text;
        add("<text x=\"%d\" y=\"%d\">%s</text></g>", BOX_X + BOX_WIDTH + 8, y - height / 2 + 4, escaped(shown));
    }

    static int height(long bytes) {
        int pagesLog = Math.max(0, Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes) - PAGE_BITS);
        return LEAST_HEIGHT + HEIGHT_OF_DOUBLE * pagesLog;
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    /** A file name may contain any character; XML 1.0 can't represent some of them at all. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(character -> {
            switch (character) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                default -> escaped.appendCodePoint(isXml(character) ? character : '?');
            }
        });
        return escaped.toString();
    }

    private static boolean isXml(int character) {
        return character >= ' ' && character != 0xfffe && character != 0xffff
                && !(character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE);
    }

    @Override
    public String toString() {
        int height = y + LEGEND_ROW;
        return String.format(Locale.ROOT, """
                <?xml version="1.0" encoding="UTF-8"?>
                <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">
                <style>
                text { font: 11px monospace; white-space: pre }
                .address { font-size: 9px; fill: #666; text-anchor: end }
                .gap { stroke: #999; stroke-dasharray: 2 2 }
                </style>
                <rect width="100%%" height="100%%" fill="white"/>
                <text x="%d" y="%d">process %d, %d parts; heights grow with the logarithm of sizes</text>
                """, WIDTH, height, WIDTH, height, BOX_X, LEGEND_ROW, pid, memory.parts().size()) + svg + "</svg>\n";
    }
}
