package dev.linen.internal.elf;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The register values of one function in the chain: the function that faulted, or a caller at the time of its call.
 *
 * <p>In a caller, only the registers that a callee must preserve (x86-64: rbx, rbp, rsp, r12 to r15; aarch64: x19 to
 * x29, sp) and the program counter are correct. The others have the values of the callee.
 */
public final class Registers {

    private static final long ADDRESS = (1L << 48) - 1;
    private static final long KERNELS = 1L << 55;

    private final Map<Register, Long> values = new EnumMap<>(Register.class);
    private final boolean interrupted;

    private Registers(boolean interrupted, ToLongFunction<Register> value) {
        this.interrupted = interrupted;
        for (Register register : Register.ofThisCpu()) {
            values.put(register, value.applyAsLong(register));
        }
    }

    /**
     * Returns the registers of a function that a fault or signal interrupted: the program counter is the instruction
     * that would run next.
     */
    public static Registers interrupted(ToLongFunction<Register> value) {
        return new Registers(true, value);
    }

    /** Returns the registers of a function that called another one: the program counter is a return address. */
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

    /** Whether a fault or signal interrupted the function, so that it may not have a frame of its own. */
    boolean isInterrupted() {
        return interrupted;
    }

    /**
     * Returns an address within the current instruction of the function. A return address is after the call; if the
     * call is the last instruction of a function, it is even after the function.
     */
    long instruction() {
        return interrupted ? programCounter() : programCounter() - 1;
    }

    /**
     * Returns a return address without its signature. On aarch64 a function may sign the address before it saves it
     * (pointer authentication). The signature is in the bits that aren't part of an address; a program's addresses have
     * 48 bits. Bit 55 isn't part of the signature: it says whether the address is the kernel's.
     *
     * <pre>
     *   63      56  55  54     48  47      0
     *   signature   0   signature  address
     * </pre>
     *
     * @see <a href="https://docs.kernel.org/arch/arm64/pointer-authentication.html">Pointer authentication</a>
     */
    static long unsigned(long address) {
        return (address & KERNELS) == 0 ? address & ADDRESS : address;
    }
}
