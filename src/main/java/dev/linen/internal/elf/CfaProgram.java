package dev.linen.internal.elf;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;

/**
 * Executes the call frame instructions of a function (DW_CFA_...) up to an address, to get the unwind rules for it.
 *
 * <pre>
 *  push %rbp           def_cfa rsp 8; offset rip -8          the initial instructions of the CIE
 *  mov  %rsp,%rbp      advance_loc 1; def_cfa_offset 16; offset rbp -16
 *  ...                 advance_loc 3; def_cfa_register rbp   from here on, changes of rsp don't matter
 *  pop  %rbp
 *  ret                 advance_loc 9; def_cfa rsp 8
 * </pre>
 *
 * @see <a href="https://dwarfstd.org/doc/DWARF5.pdf">DWARF 5, 6.4: Call Frame Information</a>
 */
final class CfaProgram {

    private static final int MOST_REMEMBERED = 64;

    /** The rules at one address. A register without a rule has the same value as in the callee. */
    private record Row(Rule cfa, Map<Register, Rule> registers, boolean signed) {

        Row with(Rule newCfa) {
            return new Row(newCfa, registers, signed);
        }

        Row withSigned(boolean isSigned) {
            return new Row(cfa, registers, isSigned);
        }

        Row copy() {
            return new Row(cfa, new EnumMap<>(registers), signed);
        }
    }

    private final FrameDescription function;
    private final long address;
    private final Deque<Row> remembered = new ArrayDeque<>();
    private long location;
    private Row row = new Row(new Rule.Undefined(), new EnumMap<>(Register.class), /* signed */ false);
    private Row initial = row;

    private CfaProgram(FrameDescription function, long address) {
        this.function = function;
        this.address = address;
        location = function.code().start();
    }

    /** @throws Malformed if an instruction is unknown or invalid */
    static CfaProgram run(FrameDescription function, long address) throws Malformed {
        CfaProgram program = new CfaProgram(function, address);
        program.run(function.common().program().rewound());
        program.initial = program.row.copy();
        program.run(function.program().rewound());
        return program;
    }

    Rule cfa() {
        return row.cfa;
    }

    /** Whether the return address has a signature: see {@link Registers#unsigned}. */
    boolean isSigned() {
        return row.signed;
    }

    Rule rule(Register register) {
        // The CFA is the caller's stack pointer, which therefore needs no rule.
        Rule otherwise = register == Register.STACK_POINTER ? new Rule.CfaPlus(0) : new Rule.InRegister(register, 0);
        return row.registers.getOrDefault(register, otherwise);
    }

    private void run(Bytes code) throws Malformed {
        while (code.hasMore() && Long.compareUnsigned(location, address) <= 0) {
            int instruction = code.u8();
            int operand = instruction & 0x3f;
            switch (instruction >> 6) {
                case 1 -> advance(operand);
                case 2 -> rule(operand, new Rule.AtCfa(factored(code.uleb())));
                case 3 -> restore(operand);
                default -> run(operand, code);
            }
        }
    }

    private void run(int instruction, Bytes code) throws Malformed {
        switch (instruction) {
            case 0x00 -> {
            } // nop
            case 0x01 -> location = function.common().pointer().read(code, 0); // set_loc
            case 0x02 -> advance(code.u8());
            case 0x03 -> advance(code.u16());
            case 0x04 -> advance(code.u32());
            case 0x05 -> rule(code.uleb(), new Rule.AtCfa(factored(code.uleb()))); // offset_extended
            case 0x06 -> restore(code.uleb()); // restore_extended
            case 0x07 -> rule(code.uleb(), new Rule.Undefined());
            case 0x08 -> sameValue(code.uleb());
            case 0x09 -> rule(code.uleb(), inRegister(code.uleb())); // register
            case 0x0a -> remember();
            case 0x0b -> recall(); // restore_state
            case 0x0c -> cfa(register(code.uleb()), code.uleb()); // def_cfa
            case 0x0d -> row = row.with(new Rule.InRegister(register(code.uleb()), cfaInRegister().offset()));
            case 0x0e -> row = row.with(new Rule.InRegister(cfaInRegister().register(), code.uleb())); // def_cfa_offset
            case 0x0f -> row = row.with(new Rule.Computed(code.take(code.uleb()))); // def_cfa_expression
            case 0x10 -> rule(code.uleb(), new Rule.AtComputed(code.take(code.uleb()))); // expression
            case 0x11 -> rule(code.uleb(), new Rule.AtCfa(factored(code.sleb()))); // offset_extended_sf
            case 0x12 -> cfa(register(code.uleb()), factored(code.sleb())); // def_cfa_sf
            case 0x13 -> cfa(cfaInRegister().register(), factored(code.sleb())); // def_cfa_offset_sf
            case 0x14 -> rule(code.uleb(), new Rule.CfaPlus(factored(code.uleb()))); // val_offset
            case 0x15 -> rule(code.uleb(), new Rule.CfaPlus(factored(code.sleb()))); // val_offset_sf
            case 0x16 -> rule(code.uleb(), new Rule.Computed(code.take(code.uleb()))); // val_expression
            case 0x2d -> row = row.withSigned(!row.signed); // AARCH64_negate_ra_state
            case 0x2e -> code.uleb(); // GNU_args_size: used by C++ exceptions only
            case 0x2f -> rule(code.uleb(), new Rule.AtCfa(-factored(code.uleb()))); // GNU_negative_offset_extended
            default -> throw new Malformed("an unknown instruction");
        }
    }

    private void advance(long steps) {
        location += steps * function.common().codeFactor();
    }

    private long factored(long offset) {
        return offset * function.common().dataFactor();
    }

    private void cfa(Register register, long offset) {
        row = row.with(new Rule.InRegister(register, offset));
    }

    private Rule.InRegister cfaInRegister() throws Malformed {
        if (row.cfa instanceof Rule.InRegister inRegister) {
            return inRegister;
        }
        throw new Malformed("the CFA isn't in a register");
    }

    private static Register register(long number) throws Malformed {
        return Register.ofNumber(number).orElseThrow(() -> new Malformed("an unknown register"));
    }

    private static Rule inRegister(long number) {
        return Register.ofNumber(number).<Rule>map(register -> new Rule.InRegister(register, 0))
                .orElseGet(Rule.Undefined::new);
    }

    /** Ignores registers that a backtrace doesn't need, such as xmm6. */
    private void rule(long number, Rule rule) {
        Register.ofNumber(number).ifPresent(register -> row.registers.put(register, rule));
    }

    private void sameValue(long number) {
        Register.ofNumber(number)
                .ifPresent(register -> row.registers.put(register, new Rule.InRegister(register, 0)));
    }

    /** Restores the rule from the CIE. */
    private void restore(long number) {
        Register.ofNumber(number).ifPresent(register -> {
            Rule before = initial.registers.get(register);
            if (before == null) {
                row.registers.remove(register);
            } else {
                row.registers.put(register, before);
            }
        });
    }

    private void remember() throws Malformed {
        if (remembered.size() == MOST_REMEMBERED) {
            throw new Malformed("too many remembered rows");
        }
        remembered.push(row.copy());
    }

    private void recall() throws Malformed {
        if (remembered.isEmpty()) {
            throw new Malformed("no remembered row");
        }
        row = remembered.pop();
    }
}
