package dev.linen.internal.elf;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The register values of one function in the chain: the function that faulted, or a caller at the time of its call.
 *
 * <p>In a caller, only the registers that a callee must preserve (rbx, rbp, rsp, r12 to r15) and rip are correct. The
 * others have the values of the callee.
 */
public final class Registers {

    private final Map<Register, Long> values = new EnumMap<>(Register.class);
    private final boolean interrupted;

    private Registers(boolean interrupted, ToLongFunction<Register> value) {
        this.interrupted = interrupted;
        for (Register register : Register.values()) {
            values.put(register, value.applyAsLong(register));
        }
    }

    /**
     * Returns the registers of a function that a fault or signal interrupted: rip is the instruction that would run
     * next.
     */
    public static Registers interrupted(ToLongFunction<Register> value) {
        return new Registers(true, value);
    }

    /** Returns the registers of a function that called another one: rip is a return address. */
    static Registers calling(ToLongFunction<Register> value) {
        return new Registers(false, value);
    }

    /** Returns the value of a register. */
    public long get(Register register) {
        return values.getOrDefault(register, 0L);
    }

    long programCounter() {
        return get(Register.PROGRAM_COUNTER);
    }

    long stackPointer() {
        return get(Register.STACK_POINTER);
    }

    /**
     * Returns an address within the current instruction of the function. A return address is after the call; if the
     * call is the last instruction of a function, it is even after the function.
     */
    long instruction() {
        return interrupted ? programCounter() : programCounter() - 1;
    }
}
