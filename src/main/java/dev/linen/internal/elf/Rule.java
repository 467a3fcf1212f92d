package dev.linen.internal.elf;

/**
 * How to find a register of the caller, or the CFA: the address that the stack pointer had before the call. On x86-64 the return
 * address lies right below it.
 *
 * <pre>
 *        │ caller's frame │
 *        ├────────────────┤ ◄── CFA, and the caller's rsp
 *   -8   │ return address │     rip: AtCfa(-8)
 *   -16  │ saved rbp      │     rbp: AtCfa(-16)
 *        │ callee's frame │     rbx, which isn't used: Same(rbx)
 *        └────────────────┘ ◄── callee's rsp
 * </pre>
 */
sealed interface Rule {

    /** The value, for a callee with those registers; the cfa is 0 while it is the CFA that is looked for. */
    long value(long cfa, Registers callee, MemoryReader memory) throws Malformed;

    /** Nobody kept it. For rip that means that there is no caller. */
    record Undefined() implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) {
            return 0;
        }
    }

    /** It is in a register of the callee's, often the same one; the CFA is that far from one. */
    record InRegister(Register register, long offset) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) {
            return callee.get(register) + offset;
        }
    }

    /** It was saved that far from the CFA. */
    record AtCfa(long offset) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) throws Malformed {
            return Bytes.at(memory, cfa + offset, Long.BYTES).u64();
        }
    }

    /** It is the CFA itself, and something. */
    record CfaPlus(long offset) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) {
            return cfa + offset;
        }
    }

    /** It is what an expression gives. */
    record Computed(Bytes expression) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) throws Malformed {
            return new DwarfExpression(callee, memory).evaluate(expression.rewound(), cfa);
        }
    }

    /** It was saved where an expression says. */
    record AtComputed(Bytes expression) implements Rule {
        @Override
        public long value(long cfa, Registers callee, MemoryReader memory) throws Malformed {
            long address = new DwarfExpression(callee, memory).evaluate(expression.rewound(), cfa);
            return Bytes.at(memory, address, Long.BYTES).u64();
        }
    }
}
