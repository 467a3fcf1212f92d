package dev.linen.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The start of an ELF file: for which kind of machine it is.
 *
 * <pre>
 *  +0   0x7f 'E' 'L' 'F'
 *  +4   class: 1 for 32 bit, 2 for 64 bit
 *  +5   data: 1 for little-endian, 2 for big-endian
 *  +16  type, 2 bytes: 1 for an object file, 3 for a shared library or a program that can lie anywhere
 *  +18  machine, 2 bytes
 * </pre>
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/elf.5.html">elf(5)</a>
 */
record ElfHeader(int bits, ByteOrder order, int type, int machine) {

    private static final int MAGIC = 0x7f454c46;
    private static final int LENGTH = 20;
    private static final int SHARED = 3;

    /** Empty when the file is no ELF file. */
    static Optional<ElfHeader> read(Path file) throws IOException {
        try (InputStream input = Files.newInputStream(file)) {
            ByteBuffer start = ByteBuffer.wrap(input.readNBytes(LENGTH));
            if (start.capacity() < LENGTH || start.getInt(0) != MAGIC) {
                return Optional.empty();
            }
            ByteOrder order = start.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            start.order(order);
            return Optional.of(new ElfHeader(32 * start.get(4), order, start.getShort(16), start.getShort(18)));
        }
    }

    boolean isShared() {
        return type == SHARED;
    }

    boolean isForTheMachineOf(ElfHeader other) {
        return bits == other.bits && order.equals(other.order) && machine == other.machine;
    }

    @Override
    public String toString() {
        return bits + " bit, " + order + ", ELF machine " + machine;
    }
}
