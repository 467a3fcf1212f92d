package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToLongFunction;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes backtraces from copies of memory that are more and more corrupt. They must never throw, and always terminate.
 */
@Timeout(300)
class CorruptionTest {

    private static final long SEED = 4711;
    private static final int ROUNDS = 4000;

    @TempDir
    Path directory;

    private Path library;
    private Registers registers;
    private Range stackRange;
    private long imageBase;
    private byte[] image;
    private byte[] stack;
    private List<Long> intact;

    @Test
    void take_aNegativeLength_isMalformed() throws Malformed {
        Bytes bytes = Bytes.at((address, into) -> true, 0x1000, 8);
        bytes.skip(4);
        assertThrows(Malformed.class, () -> bytes.take(-1));
    }

    /** Contains copies of the whole image and of the used part of the stack. Nothing else is mapped. */
    private static final class Copies implements AddressSpace {
        private final long imageBase;
        private final byte[] image;
        private final long stackBase;
        private final byte[] stack;
        private int reads;

        Copies(long imageBase, byte[] image, long stackBase, byte[] stack) {
            this.imageBase = imageBase;
            this.image = image;
            this.stackBase = stackBase;
            this.stack = stack;
        }

        @Override
        public boolean read(long address, byte[] into) {
            reads++;
            return copy(imageBase, image, address, into) || copy(stackBase, stack, address, into);
        }

        private static boolean copy(long base, byte[] from, long address, byte[] into) {
            if (!Range.of(base, from.length).contains(address, into.length)) {
                return false;
            }
            System.arraycopy(from, (int) (address - base), into, 0, into.length);
            return true;
        }

        @Override
        public Optional<LoadedElf> imageAt(long address) {
            return Range.of(imageBase, image.length).contains(address)
                    ? LoadedElf.at(this, imageBase)
                    : Optional.empty();
        }

        @Override
        public boolean isExecutable(long address) {
            return Range.of(imageBase, image.length).contains(address);
        }
    }

    @BeforeEach
    void copyWhatIsIntact() {
        library = Tool.compile(directory.resolve("chain.so"), "chain", "-O2");
        try (Chain chain = Chain.start(library)) {
            OwnProcess process = new OwnProcess();
            registers = Registers.interrupted(chainRegisters(chain));
            long top = registers.stackPointer();
            stackRange = new Range(top, chain.stack().end());
            stack = copy(process, top, stackRange.end());
            Range range = process.imageAt(registers.programCounter()).orElseThrow().range();
            imageBase = range.start();
            image = copy(process, imageBase, range.end());
            intact = chain.returns().subList(0, 4); // the last one is in liblinen.so, which isn't copied
        }
    }

    private static ToLongFunction<Register> chainRegisters(Chain chain) {
        Map<Register, Long> values = new EnumMap<>(Register.class);
        for (Register register : Register.ofThisCpu()) {
            values.put(register, chain.register(register));
        }
        return values::get;
    }

    /** Copies page by page, because there may be unmapped pages between two segments. */
    private static byte[] copy(MemoryReader memory, long start, long end) {
        byte[] copy = new byte[(int) (end - start)];
        for (int at = 0; at < copy.length;) {
            int count = (int) Math.min(copy.length - at, 4096 - (start + at) % 4096);
            byte[] page = new byte[count];
            if (memory.read(start + at, page)) {
                System.arraycopy(page, 0, copy, at, count);
            }
            at += count;
        }
        return copy;
    }

    private List<Frame> backtrace(Copies copies, Registers start) {
        List<Frame> frames = Backtrace.of(start, stackRange, copies);
        assertTrue(!frames.isEmpty() && frames.size() <= Backtrace.MOST_FRAMES, () -> frames.size() + " frames");
        for (Frame frame : frames) {
            copies.imageAt(frame.instruction()).ifPresent(found -> {
                Symbols.of(found).at(frame.instruction());
                Symbols.of(found, library).at(frame.instruction());
            });
        }
        assertTrue(copies.reads < 200_000, () -> copies.reads + " reads");
        return frames;
    }

    private static void corrupt(Random random, byte[] bytes) {
        int flips = 1 << random.nextInt(12);
        // either the headers, symbols and tables, or everything
        int reach = random.nextBoolean() ? Math.min(bytes.length, 0x800) : bytes.length;
        for (int i = 0; i < flips; i++) {
            bytes[random.nextInt(reach)] = (byte) (random.nextInt(3) == 0 ? 0xff : random.nextInt());
        }
    }

    @Test
    void copies_intact_giveTheChain() {
        Copies copies = new Copies(imageBase, image, stackRange.start(), stack);
        List<Frame> frames = backtrace(copies, registers);
        assertEquals(intact, frames.subList(1, 5).stream().map(Frame::programCounter).toList());
    }

    @Test
    void image_corrupt_endsWithoutException() {
        Random random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] worse = image.clone();
            corrupt(random, worse);
            backtrace(new Copies(imageBase, worse, stackRange.start(), stack), registers);
        }
    }

    @Test
    void stackAndRegisters_corrupt_endWithoutException() {
        Random random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] worse = stack.clone();
            corrupt(random, worse);
            Register other = Register.ofThisCpu().get(random.nextInt(17));
            long value = random.nextLong() >> random.nextInt(64);
            Registers start = random.nextBoolean()
                    ? registers
                    : Registers.interrupted(register -> register == other ? value : registers.get(register));
            backtrace(new Copies(imageBase, image, stackRange.start(), worse), start);
        }
    }

    @Test
    void image_cutShort_endsWithoutException() {
        for (int length = 0; length < image.length; length += length < 0x800 ? 1 : 37) {
            backtrace(new Copies(imageBase, Arrays.copyOf(image, length), stackRange.start(), stack), registers);
        }
    }

    /** Runs random bytes as instructions and expressions. */
    @Test
    void programs_ofRandomBytes_endWithoutException() throws Malformed {
        Random random = new Random(SEED);
        int ran = 0;
        for (int i = 0; i < 50 * ROUNDS; i++) {
            byte[] code = new byte[random.nextInt(64)];
            random.nextBytes(code);
            MemoryReader reader = (address, into) -> {
                for (int at = 0; at < into.length; at++) {
                    into[at] = code[at % Math.max(code.length, 1)];
                }
                return code.length > 0 || into.length == 0;
            };
            Bytes bytes = Bytes.at(reader, 0, code.length);
            try {
                new DwarfExpression(registers, reader).evaluate(bytes, 0);
                ran++;
            } catch (Malformed expected) {
                // true for most of them
            }
            FrameDescription.Common common = new FrameDescription.Common(1, -8, 16, true, new EncodedPointer(0), false,
                    bytes);
            try {
                CfaProgram rules = CfaProgram.run(new FrameDescription(common, new Range(0, 1 << 20), bytes), 1 << 20);
                for (Register register : Register.ofThisCpu()) {
                    rules.rule(register).value(0, registers, reader);
                }
                ran++;
            } catch (Malformed expected) {
                // true for most of them
            }
        }
        int succeeded = ran;
        assertTrue(succeeded > 1000, () -> succeeded + " ran to their end");
    }

    @Test
    void file_corruptOrCutShort_endsWithoutException() throws IOException {
        Random random = new Random(SEED);
        byte[] file = Files.readAllBytes(library);
        LoadedElf loaded = LoadedElf.at(new Copies(imageBase, image, 0, new byte[0]), imageBase).orElseThrow();
        Path worse = directory.resolve("worse.so");
        int headers = 0x40 * 64; // the section headers and .symtab are at the end
        for (int i = 0; i < ROUNDS / 4; i++) {
            byte[] bytes = random.nextInt(8) == 0
                    ? Arrays.copyOf(file, random.nextInt(file.length))
                    : file.clone();
            for (int flips = 1 << random.nextInt(10); flips > 0 && bytes.length > headers; flips--) {
                bytes[bytes.length - 1 - random.nextInt(headers)] = (byte) random.nextInt();
            }
            Files.write(worse, bytes);
            Symbols.of(loaded, worse).at(registers.programCounter());
            Symbols.of(loaded, worse).at(intact.getFirst());
        }
    }
}
