package dev.linen.internal.elf;

import java.util.ArrayList;
import java.util.List;

/**
 * A DWARF expression (DW_OP_...): a program for a stack machine that computes an address. For example, in a PLT entry
 * the CFA is 8 or 16 above rsp, depending on rip:
 *
 * <pre>
 *  breg7 (rsp) 8   [rsp+8]
 *  breg16 (rip) 0  [rsp+8  rip]
 *  lit15, and      [rsp+8  rip&amp;15]          an entry has 16 bytes
 *  lit11, ge       [rsp+8  rip&amp;15 >= 11]    after its push?
 *  lit3, shl       [rsp+8  0 or 8]
 *  plus            [rsp+8 or rsp+16]
 * </pre>
 *
 * @see <a href="https://dwarfstd.org/doc/DWARF5.pdf">DWARF 5, 2.5: DWARF Expressions</a>
 */
final class DwarfExpression {

    /** A limit for loops: a branch may go backward. */
    private static final int MOST_STEPS = 10_000;
    private static final int MOST_VALUES = 64;

    private final Registers registers;
    private final MemoryReader memory;
    private final List<Long> stack = new ArrayList<>();

    DwarfExpression(Registers registers, MemoryReader memory) {
        this.registers = registers;
        this.memory = memory;
    }

    /** Starts with one value on the stack, and returns the value on top of the stack at the end. */
    long evaluate(Bytes code, long first) throws Malformed {
        push(first);
        for (int steps = 0; code.hasMore(); steps++) {
            if (steps == MOST_STEPS || stack.size() > MOST_VALUES) {
                throw new Malformed("too many steps or values");
            }
            step(code.u8(), code);
        }
        return pop();
    }

    private void step(int operation, Bytes code) throws Malformed {
        if (operation >= 0x30 && operation <= 0x4f) { // lit0 to lit31
            push(operation - 0x30);
        } else if (operation >= 0x50 && operation <= 0x6f) { // reg0 to reg31
            push(register(operation - 0x50));
        } else if (operation >= 0x70 && operation <= 0x8f) { // breg0 to breg31
            push(register(operation - 0x70) + code.sleb());
        } else if (operation <= 0x11 || operation >= 0x90) {
            push(fetch(operation, code));
        } else if (operation <= 0x17) {
            rearrange(operation, code);
        } else {
            compute(operation, code);
        }
    }

    private long fetch(int operation, Bytes code) throws Malformed {
        return switch (operation) {
            case 0x03, 0x0e, 0x0f -> code.u64(); // addr, const8u, const8s
            case 0x06 -> Bytes.at(memory, pop(), Long.BYTES).u64(); // deref
            case 0x08 -> code.u8(); // const1u, ...
            case 0x09 -> code.s8();
            case 0x0a -> code.u16();
            case 0x0b -> code.s16();
            case 0x0c -> code.u32();
            case 0x0d -> code.s32();
            case 0x10 -> code.uleb(); // constu
            case 0x11 -> code.sleb(); // consts
            case 0x90 -> register(code.uleb()); // regx
            case 0x92 -> register(code.uleb()) + code.sleb(); // bregx
            case 0x94 -> dereference(code.u8()); // deref_size
            case 0x96 -> pop(); // nop
            default -> throw new Malformed("an unknown operation");
        };
    }

    private void rearrange(int operation, Bytes code) throws Malformed {
        switch (operation) {
            case 0x12 -> push(peek(0)); // dup
            case 0x13 -> pop(); // drop
            case 0x14 -> push(peek(1)); // over
            case 0x15 -> push(peek(code.u8())); // pick
            case 0x16 -> stack.add(index(1), pop()); // swap
            case 0x17 -> stack.add(index(2), pop()); // rot
            default -> throw new Malformed("an unknown operation");
        }
    }

    private void compute(int operation, Bytes code) throws Malformed {
        switch (operation) {
            case 0x19 -> push(Math.abs(pop()));
            case 0x1f -> push(-pop()); // neg
            case 0x20 -> push(~pop()); // not
            case 0x23 -> push(pop() + code.uleb()); // plus_uconst
            case 0x28 -> { // bra
                int distance = code.s16();
                code.skip(pop() == 0 ? 0 : distance);
            }
            case 0x2f -> code.skip(code.s16()); // skip
            default -> {
                long right = pop();
                push(combine(operation, pop(), right));
            }
        }
    }

    private static long combine(int operation, long left, long right) throws Malformed {
        return switch (operation) {
            case 0x1a -> left & right;
            case 0x1b -> left / notZero(right); // div, signed
            case 0x1c -> left - right;
            case 0x1d -> Long.remainderUnsigned(left, notZero(right)); // mod
            case 0x1e -> left * right;
            case 0x21 -> left | right;
            case 0x22 -> left + right;
            case 0x24 -> Long.compareUnsigned(right, Long.SIZE) < 0 ? left << right : 0; // shl
            case 0x25 -> Long.compareUnsigned(right, Long.SIZE) < 0 ? left >>> right : 0; // shr
            case 0x26 -> left >> (Long.compareUnsigned(right, Long.SIZE) < 0 ? right : Long.SIZE - 1); // shra
            case 0x27 -> left ^ right;
            case 0x29 -> left == right ? 1 : 0; // eq, ge, gt, le, lt, ne: signed
            case 0x2a -> left >= right ? 1 : 0;
            case 0x2b -> left > right ? 1 : 0;
            case 0x2c -> left <= right ? 1 : 0;
            case 0x2d -> left < right ? 1 : 0;
            case 0x2e -> left != right ? 1 : 0;
            default -> throw new Malformed("an unknown operation");
        };
    }

    private static long notZero(long divisor) throws Malformed {
        if (divisor == 0) {
            throw new Malformed("a division by zero");
        }
        return divisor;
    }

    private long dereference(int bytes) throws Malformed {
        Bytes value = Bytes.at(memory, pop(), bytes);
        return switch (bytes) {
            case 1 -> value.u8();
            case 2 -> value.u16();
            case 4 -> value.u32();
            case 8 -> value.u64();
            default -> throw new Malformed("an invalid size");
        };
    }

    private long register(long number) throws Malformed {
        return registers.get(Register.ofNumber(number).orElseThrow(() -> new Malformed("an unknown register")));
    }

    private void push(long value) {
        stack.add(value);
    }

    private long pop() throws Malformed {
        return stack.remove(index(0));
    }

    private long peek(int depth) throws Malformed {
        return stack.get(index(depth));
    }

    private int index(int depth) throws Malformed {
        if (depth >= stack.size()) {
            throw new Malformed("too few values on the stack");
        }
        return stack.size() - 1 - depth;
    }
}
