package dev.linen.internal.elf;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The registers as one function of the chain has them: the one that faulted, or a caller while it waits for the callee.
 *
 * <p>Of a caller, those are right that a callee has to keep (rbx, rbp, rsp, r12 to r15, rip); the others are the callee's.
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

    /** Of a function that a fault or signal interrupted: rip is the instruction that would run next. */
    public static Registers interrupted(ToLongFunction<Register> value) {
        return new Registers(true, value);
    }

    /** Of a function that called another: rip is a return address. */
    static Registers calling(ToLongFunction<Register> value) {
        return new Registers(false, value);
    }

    /** The value of one. */
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
     * An address within the instruction that the function is at. A return address is behind the call, and where the call is a
     * function's last instruction, behind the function.
     */
    long instruction() {
        return interrupted ? programCounter() : programCounter() - 1;
    }
}
