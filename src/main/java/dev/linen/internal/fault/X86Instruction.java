package dev.linen.internal.fault;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * As much of an x86-64 instruction as tells why the CPU refused it where the kernel doesn't: a general protection fault
 * comes without an address. No disassembler: it finds the opcode and the memory operand.
 *
 * <pre>
 *   [66 F2 F3 ...]  [4x REX]  [0F [38|3A]] opcode  ModRM  [SIB]  [displacement]  ...
 *                   [C5 x or C4 x x: VEX]  opcode  ModRM ...
 *                   [62 x x x: EVEX]       opcode  ModRM ... with a displacement of one byte in units of the vector
 *
 *   ModRM  mod 2 bits, reg 3, rm 3:   mod 3 no memory; rm 4: a SIB follows; mod 0 rm 5: relative to rip
 *   SIB    scale 2 bits, index 3, base 3
 * </pre>
 *
 * @see <a href="https://www.intel.com/sdm">Intel 64 and IA-32 Architectures, volume 2, chapter 2</a>
 */
final class X86Instruction {

    private static final int ONE_BYTE = 0;
    private static final int TWO_BYTES = 0x0F;

    private static final String[] NUMBERED = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10",
            "r11", "r12", "r13", "r14", "r15"};
    private static final int RSP = 4;
    private static final int RBP = 5;

    /** hlt, cli, sti, in, out, ins, outs, int n. */
    private static final Set<Integer> PRIVILEGED = Set.of(0xF4, 0xFA, 0xFB, 0xE4, 0xE5, 0xE6, 0xE7, 0xEC, 0xED, 0xEE,
            0xEF,
            0x6C, 0x6D, 0x6E, 0x6F, 0xCD);

    /** Behind 0F: lgdt and its like, clts, invd, wbinvd, mov of control and debug registers, wrmsr, rdmsr, rdpmc. */
    private static final Set<Integer> PRIVILEGED_0F = Set.of(0x00, 0x01, 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30,
            0x32, 0x33);

    /** Of one byte, with a ModRM: arithmetic, mov, lea, test, shifts, call and jmp by memory, x87. */
    private static final Set<Integer> WITH_MODRM = IntStream
            .of(0x63, 0x69, 0x6B, 0xC0, 0xC1, 0xC6, 0xC7, 0xD0, 0xD1, 0xD2, 0xD3, 0xF6, 0xF7, 0xFE, 0xFF).boxed()
            .collect(Collectors.toSet());

    private final MemorySegment bytes;
    private final Map<String, Long> registers;
    private int position;
    private int rex;
    private int map = ONE_BYTE;
    private int opcode = -1;
    private boolean vector;
    private int vectorBytes = 16;
    private boolean evex;
    private boolean otherSegment;

    /** @param bytes from the instruction pointer on; may be too few */
    X86Instruction(MemorySegment bytes, Map<String, Long> registers) {
        this.bytes = bytes;
        this.registers = registers;
        decode();
    }

    private int next() {
        int next = peek();
        position++;
        return next;
    }

    /** -1 behind the last byte. */
    private int peek() {
        return position < bytes.byteSize() ? bytes.get(JAVA_BYTE, position) & 0xFF : -1;
    }

    private void decode() {
        while (Set.of(0x66, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65, 0x67).contains(peek())) {
            int prefix = next();
            otherSegment |= prefix == 0x64 || prefix == 0x65; // fs, gs: a base that isn't among the registers
        }
        if (peek() >> 4 == 4) {
            rex = next();
        }
        opcode = next();
        if (opcode == 0xC5 || opcode == 0xC4) {
            int second = next();
            rex = (~second >> 5) & 4; // R
            int last = second;
            if (opcode == 0xC4) {
                rex = (~second >> 5) & 7; // R, X and B
                last = next();
            }
            map = TWO_BYTES;
            vector = true;
            vectorBytes <<= (last >> 2) & 1; // L
            opcode = next();
        } else if (opcode == 0x62) {
            rex = (~next() >> 5) & 7; // R, X and B
            next();
            map = TWO_BYTES;
            vector = true;
            evex = true;
            vectorBytes <<= (next() >> 5) & 3; // L'L
            opcode = next();
        } else if (opcode == TWO_BYTES) {
            map = TWO_BYTES;
            opcode = next();
            if (opcode == 0x38 || opcode == 0x3A) {
                vector = true; // nearly all of them are
                opcode = next();
            }
        }
    }

    /** Whether programs mustn't use it. */
    boolean isPrivileged() {
        return !vector && (map == ONE_BYTE ? PRIVILEGED : PRIVILEGED_0F).contains(opcode);
    }

    /** Whether it is ud2, or ud1, which clang puts where a check fails. */
    boolean isTrap() {
        return !vector && map == TWO_BYTES && (opcode == 0x0B || opcode == 0xB9);
    }

    boolean isReturn() {
        return map == ONE_BYTE && (opcode == 0xC3 || opcode == 0xC2);
    }

    /** Whether it moves vectors, which some such instructions want at multiples of 16 and more. */
    boolean isVector() {
        boolean move = opcode >= 0x10 && opcode <= 0x7F;
        boolean shuffle = opcode >= 0xC2 && opcode != 0xC3;
        return vector || (map == TWO_BYTES && (move || shuffle));
    }

    /** How large a vector is that it moves. Some such instructions want it at a multiple of that. */
    int vectorBytes() {
        return vectorBytes;
    }

    /** The address that its memory operand has; empty when it has none, or one that the registers don't tell. */
    OptionalLong operand() {
        if (otherSegment || !hasModRm()) {
            return OptionalLong.empty();
        }
        int at = position;
        int modRm = next();
        int mod = modRm >> 6;
        int rm = modRm & 7;
        if (modRm < 0 || (mod == 0 && rm == RBP)) {
            position = at;
            return OptionalLong.empty(); // relative to rip
        }
        boolean indirectJump = mod == 3 && map == ONE_BYTE && opcode == 0xFF; // call or jmp to what a register holds
        long address = 0;
        if (mod != 3 && rm == RSP) {
            int sib = next();
            int base = sib & 7;
            int index = ((sib >> 3) & 7) | ((rex & 2) << 2);
            address = index == RSP ? 0 : register(index) << (sib >> 6);
            if (base == RBP && mod == 0) {
                address += displacement(4);
            } else {
                address += register(base | ((rex & 1) << 3));
            }
        } else if (mod != 3 || indirectJump) {
            address = register(rm | ((rex & 1) << 3));
        }
        address += mod == 1 ? displacement(1) * (evex ? vectorBytes : 1) : mod == 2 ? displacement(4) : 0;
        position = at;
        return mod == 3 && !indirectJump ? OptionalLong.empty() : OptionalLong.of(address);
    }

    private boolean hasModRm() {
        if (map != ONE_BYTE) {
            return true;
        }
        boolean arithmetic = opcode >= 0 && opcode < 0x40 && (opcode & 7) < 4;
        boolean move = opcode >= 0x80 && opcode < 0x90;
        boolean x87 = opcode >= 0xD8 && opcode < 0xE0;
        return arithmetic || move || x87 || WITH_MODRM.contains(opcode);
    }

    private long register(int number) {
        return registers.getOrDefault(NUMBERED[number], 0L);
    }

    /** Little-endian, with its sign. */
    private long displacement(int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) (next() & 0xFF) << (8 * i);
        }
        return size == 1 ? (byte) value : (int) value;
    }
}
