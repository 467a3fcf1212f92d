package dev.linen.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/**
 * A hex dump of memory, with sixteen bytes per row.
 *
 * <pre>
 * 7f2c4a1fffe0 6f 00 00 00 00 00 00 00  ef be ad de 11 12 00 00 |o...............|
 * *
 * </pre>
 *
 * <p>An asterisk stands for rows that repeat the row before them. The last row is always shown.
 */
public final class HexDump {

    private static final int ROW = 16;
    private static final int HALF = ROW / 2;
    private static final HexFormat BYTES = HexFormat.ofDelimiter(" ");

    private HexDump() {}

    /**
     * Dumps a segment. For a heap segment, the addresses are offsets.
     *
     * @param segment the memory to read
     * @return one line for each row; an empty string if the segment is empty
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static String of(MemorySegment segment) {
        StringBuilder text = new StringBuilder();
        boolean repeats = false;
        for (long offset = 0; offset < segment.byteSize(); offset += ROW) {
            if (isRepeated(segment, offset)) {
                text.append(repeats ? "" : "*\n");
                repeats = true;
            } else {
                repeats = false;
                long bytes = Math.min(ROW, segment.byteSize() - offset);
                row(text, segment.address() + offset, segment.asSlice(offset, bytes).toArray(JAVA_BYTE));
            }
        }
        return text.toString();
    }

    private static boolean isRepeated(MemorySegment segment, long offset) {
        return offset > 0 && offset + ROW < segment.byteSize()
                && MemorySegment.mismatch(segment, offset - ROW, offset, segment, offset, offset + ROW) < 0;
    }

    private static void row(StringBuilder text, long address, byte[] bytes) {
        int left = Math.min(bytes.length, HALF);
        String hex = BYTES.formatHex(bytes, 0, left) + "  " + BYTES.formatHex(bytes, left, bytes.length);
        StringBuilder characters = new StringBuilder();
        for (byte b : bytes) {
            characters.append(b >= ' ' && b < 0x7F ? (char) b : '.');
        }
        text.append(String.format("%012x %-48s |%s|%n", address, hex, characters).replace("\r\n", "\n"));
    }
}
