package dev.linen.internal.elf;

/**
 * A rule to compute a register of the caller, or the CFA (canonical frame address): the value of the stack pointer
 * before the call. On x86-64 the return address is directly below it; on aarch64 it is where the callee has saved x30.
 *
 * <pre>
 *        │ caller's frame │
 *        ├────────────────┤ ◄── CFA, and the caller's rsp
 *   -8   │ return address │     rip: AtCfa(-8)
 *   -16  │ saved rbp      │     rbp: AtCfa(-16)
 *        │ callee's frame │     rbx, which the callee didn't change: InRegister(rbx, 0)
 *        └────────────────┘ ◄── callee's rsp
 * </pre>
 */
sealed interface Rule {

    /** Returns the value, given the registers of the callee. {@code cfa} is 0 if the rule computes the CFA itself. */
    long value(long cfa, Registers callee, MemoryReader memory) throws Malformed;

    /** The value is unknown. For the return address, this means that there is no caller. */
    record Undefined() implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) {
            return 0;
        }
    }

    /** The value is that of a register of the callee plus an offset. For a register of the caller, the offset is 0. */
    record InRegister(Register register, long offset) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) {
            return callee.get(register) + offset;
        }
    }

    /** The value was saved at an offset from the CFA. */
    record AtCfa(long offset) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) throws Malformed {
            return Bytes.at(memory, cfa + offset, Long.BYTES).u64();
        }
    }

    /** The value is the CFA plus an offset. */
    record CfaPlus(long offset) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) {
            return cfa + offset;
        }
    }

    /** The value is the result of an expression. */
    record Computed(Bytes expression) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) throws Malformed {
            return new DwarfExpression(callee, memory).evaluate(expression.rewound(), cfa);
        }
    }

    /** The value was saved at the address that an expression computes. */
    record AtComputed(Bytes expression) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) throws Malformed {
            long address = new DwarfExpression(callee, memory).evaluate(expression.rewound(), cfa);
            return Bytes.at(memory, address, Long.BYTES).u64();
        }
    }
}
