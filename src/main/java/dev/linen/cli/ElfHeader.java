package dev.linen.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The start of an ELF file: for which kind of machine it is, and how long it must be.
 *
 * <pre>
 *  +0   0x7f 'E' 'L' 'F'
 *  +4   class: 1 for 32 bit, 2 for 64 bit
 *  +5   data: 1 for little-endian, 2 for big-endian
 *  +16  type, 2 bytes: 1 for an object file, 3 for a shared library or a program that can lie anywhere
 *  +18  machine, 2 bytes
 *
 *  where the class is 64 bit:
 *  +32  where the program headers start, 8 bytes
 *  +54  the size of a program header, 2 bytes: 56
 *  +56  how many there are, 2 bytes
 *
 *  a program header:
 *  +0   type, 4 bytes: 1 for a part of the file that is mapped
 *  +8   where that part starts, 8 bytes
 *  +32  its size in the file, 8 bytes
 * </pre>
 *
 * @param bits 32 or 64
 * @param loadedBytes where the last mapped part ends, in bytes from the file's start; 0 unless the class is 64 bit
 * @see <a href="https://man7.org/linux/man-pages/man5/elf.5.html">elf(5)</a>
 */
record ElfHeader(int bits, ByteOrder order, int type, int machine, long loadedBytes) {

    private static final int MAGIC = 0x7f454c46;
    private static final int LENGTH = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int SHARED = 3;
    private static final int LOAD = 1;

    /** Empty when the file is no ELF file. */
    static Optional<ElfHeader> read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer start = read(channel, 0, LENGTH, ByteOrder.BIG_ENDIAN);
            if (start.limit() < LENGTH || start.getInt(0) != MAGIC) {
                return Optional.empty();
            }
            int bits = 32 * start.get(4);
            ByteOrder order = start.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            start.order(order);
            long loadedBytes = bits == 64 ? loadedBytes(channel, start) : 0;
            return Optional.of(new ElfHeader(bits, order, start.getShort(16), start.getShort(18), loadedBytes));
        }
    }

    private static long loadedBytes(FileChannel channel, ByteBuffer start) throws IOException {
        long offset = start.getLong(32);
        if (offset < 0 || start.getShort(54) != PROGRAM_HEADER_BYTES) {
            return 0; // nonsense, which the dynamic linker refuses
        }
        int bytes = PROGRAM_HEADER_BYTES * Short.toUnsignedInt(start.getShort(56));
        ByteBuffer headers = read(channel, offset, bytes, start.order());
        long end = offset + bytes;
        for (int at = 0; at + PROGRAM_HEADER_BYTES <= headers.limit(); at += PROGRAM_HEADER_BYTES) {
            if (headers.getInt(at) == LOAD) {
                end = Math.max(end, headers.getLong(at + 8) + headers.getLong(at + 32));
            }
        }
        return end;
    }

    /** Fewer bytes than asked for when the file ends before. */
    private static ByteBuffer read(FileChannel channel, long offset, int bytes, ByteOrder order) throws IOException {
        ByteBuffer part = ByteBuffer.allocate(bytes).order(order);
        while (part.hasRemaining() && channel.read(part, offset + part.position()) > 0) {
            // on to the rest
        }
        return part.flip();
    }

    boolean isShared() {
        return type == SHARED;
    }

    boolean isForTheMachineOf(ElfHeader other) {
        return bits == other.bits && order.equals(other.order) && machine == other.machine;
    }

    /** The dynamic linker maps what isn't there and touches it: SIGBUS, and the JVM is gone. */
    boolean isCutOff(Path file) throws IOException {
        return Files.size(file) < loadedBytes;
    }

    @Override
    public String toString() {
        return bits + " bit, " + order + ", ELF machine " + machine;
    }
}
