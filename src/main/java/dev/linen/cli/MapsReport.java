package dev.linen.cli;

import static dev.linen.syscall.SyscallException.hex;

import java.util.Locale;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.IStyle;
import picocli.CommandLine.Help.Ansi.Style;

import dev.linen.cli.ProcessMemory.Part;

/**
 * An address space as text.
 *
 * @param pid the process
 * @param memory the memory of that process
 */
record MapsReport(long pid, ProcessMemory memory) {

    private static final long ROUNDED_BYTES = 10L << 20;

    /** What the columns before the name take. */
    private static final int BEFORE_NAME = 54;
    private static final int LEAST_NAME = 8;

    /** A table; each line in the colour of its kind if the output has colours. */
    String text(Ansi ansi) {
        return text(ansi, Columns.AVAILABLE);
    }

    String text(Ansi ansi, int columns) {
        StringBuilder text = new StringBuilder();
        for (Part part : memory.parts()) {
            String line = String.format(Locale.ROOT, "%12s-%-12s %10s %s %-11s %s",
                    Long.toHexString(part.start()), Long.toHexString(part.end()), size(part.byteSize()), part.access(),
                    part.kind().title(), fit(part.name(), columns - BEFORE_NAME)).stripTrailing();
            text.append(coloured(ansi, part.kind(), line)).append('\n');
        }
        text.append('\n');
        memory.bytesByKind().forEach((kind, bytes) -> text.append(
                coloured(ansi, kind, String.format(Locale.ROOT, "%-11s  %s", kind.title(), size(bytes)))).append('\n'));
        return text.toString();
    }

    /** Shortens a name that is too long: of a path the end is kept, of another name the beginning. */
    static String fit(String name, int width) {
        int kept = Math.max(width, LEAST_NAME) - 1;
        if (name.length() <= kept + 1) {
            return name;
        }
        return name.startsWith("/") ? "…" + name.substring(name.length() - kept) : name.substring(0, kept) + "…";
    }

    /** Not by picocli's markup: a file name may look like it. */
    private static String coloured(Ansi ansi, RegionKind kind, String line) {
        IStyle[] styles = Style.parse(kind.style());
        return ansi.enabled() ? Style.on(styles) + line + Style.off(styles) : line;
    }

    /** In the largest unit that divides the size; rounded if the exact number would be long. */
    static String size(long bytes) {
        if (bytes % (1L << 30) == 0) {
            return (bytes >> 30) + " GiB";
        } else if (bytes % (1L << 20) == 0) {
            return (bytes >> 20) + " MiB";
        } else if (bytes < ROUNDED_BYTES) {
            return (bytes >> 10) + " KiB";
        }
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20));
    }

    String json() {
        JsonArray parts = new JsonArray();
        for (Part part : memory.parts()) {
            JsonObject object = new JsonObject();
            object.addProperty("start", hex(part.start()));
            object.addProperty("end", hex(part.end()));
            object.addProperty("bytes", part.byteSize());
            object.addProperty("access", part.access());
            object.addProperty("kind", part.kind().title());
            object.addProperty("name", part.name());
            parts.add(object);
        }
        JsonObject report = new JsonObject();
        report.addProperty("pid", pid);
        report.add("parts", parts);
        return new GsonBuilder().disableHtmlEscaping().create().toJson(report) + System.lineSeparator();
    }
}
