package dev.linen.internal.elf;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * The register values of one function in the chain: the function that faulted, or a caller at the time of its call.
 *
 * <p>In a caller, only the registers that a callee must preserve (x86-64: rbx, rbp, rsp, r12 to r15; aarch64: x19 to
 * x29, sp) and the program counter are correct. The others have the values of the callee.
 */
public final class Registers {

    private static final int[] ADDRESS_BITS = {48, 47, 42, 39, 36};
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
     * (pointer authentication). The signature is in the bits between a program's addresses and bit 55, which says
     * whether the address is the kernel's. Where the addresses end depends on the kernel: what is left must be code.
     *
     * <pre>
     *   63   56  55  54     48  47      0
     *   unused   0   signature  address      CONFIG_ARM64_VA_BITS=48, and more: addresses without a hint have 48 bits
     *   unused   0   signature ...  address  47, 42, 39, 36
     * </pre>
     *
     * @see <a href="https://docs.kernel.org/arch/arm64/pointer-authentication.html">Pointer authentication</a>
     */
    static long unsigned(long address, AddressSpace memory) {
        if ((address & KERNELS) != 0) {
            return address;
        }
        return IntStream.of(ADDRESS_BITS).mapToLong(bits -> address & (1L << bits) - 1)
                .filter(candidate -> candidate == 0 || memory.isExecutable(candidate - 1)).findFirst()
                .orElse(address & (1L << ADDRESS_BITS[0]) - 1);
    }
}
