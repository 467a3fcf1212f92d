package dev.linen.powercut;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;

import dev.linen.powercut.Step.Write;

/**
 * A state in which a power cut may have left the folder.
 *
 * @param cut after how many steps the power was cut
 * @param missing the changes before the cut that aren't on the disk, by their steps
 * @param damaged the write of which only a part is on the disk; -1 if there is none
 * @param damage what is there of it
 */
record CrashState(int cut, BitSet missing, int damaged, Damage damage) {

    static final int NONE = -1;

    /** What is on the disk of a write that was under way. */
    enum Damage {
        /** All of it. */
        NONE(""),
        /** Its first half. */
        HALF("half on the disk"),
        /** As many zeros: the length was written, the bytes weren't. */
        ZEROS("zeros on the disk"),
        /** Its first 8 bytes, and stale ones behind them. */
        STALE("stale on the disk");

        final String heading;

        Damage(String heading) {
            this.heading = heading;
        }

        /** As many as the head of a record: its length and its checksum. */
        private static final int HEADER = 8;

        Write of(Write write) {
            byte[] bytes = new byte[write.bytes().remaining()];
            write.bytes().duplicate().get(bytes);
            return switch (this) {
                case NONE -> write;
                case HALF -> with(write, ByteBuffer.wrap(bytes, 0, bytes.length / 2));
                case ZEROS -> with(write, ByteBuffer.allocate(bytes.length));
                case STALE -> {
                    byte[] stale = new byte[bytes.length];
                    new Random(bytes.length).nextBytes(stale); // the same in each run
                    System.arraycopy(bytes, 0, stale, 0, Math.min(HEADER, bytes.length));
                    yield with(write, ByteBuffer.wrap(stale));
                }
            };
        }

        private static Write with(Write write, ByteBuffer bytes) {
            return new Write(write.call(), write.file(), write.offset(), bytes, write.grows());
        }
    }

    /** Returns how many calls' effects aren't as the calls made them. The smallest failing state is shown first. */
    int size() {
        return missing.cardinality() + (damaged == NONE ? 0 : 1);
    }
}
