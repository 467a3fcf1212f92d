package dev.linen.internal.elf;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Finds a caller by the unwind tables in .eh_frame. Compilers write them for C++ exceptions and, on x86-64 and aarch64,
 * for C too.
 *
 * <p>For each instruction, the tables contain the distance from the stack pointer or the frame pointer to the caller's
 * frame, and the places where the caller's registers were saved. Therefore a function needs no frame pointer.
 */
final class CallFrames {

    private CallFrames() {}

    /**
     * Returns the registers of the caller; the program counter is 0 if the tables say that there is no caller.
     *
     * @param memory the memory that contains the stack
     * @return the registers; empty if there are no tables for this code, or if the tables or the stack are corrupt
     */
    static Optional<Registers> caller(LoadedElf image, Registers callee, AddressSpace memory) {
        try {
            Optional<FrameDescription> function = image.unwindTable().find(callee.instruction());
            return function.isEmpty() ? Optional.empty() : Optional.of(caller(function.get(), callee, memory));
        } catch (Malformed noTables) {
            return Optional.empty();
        }
    }

    private static Registers caller(FrameDescription function, Registers callee, AddressSpace memory) throws Malformed {
        CfaProgram rules = CfaProgram.run(function, callee.instruction());
        long cfa = rules.cfa().value(0, callee, memory);
        Map<Register, Long> values = new EnumMap<>(Register.class);
        for (Register register : Register.ofThisCpu()) {
            values.put(register, rules.rule(register).value(cfa, callee, memory));
        }
        Register returnAddress = Register.ofNumber(function.common().returnAddress())
                .orElseThrow(() -> new Malformed("an unknown register"));
        long address = values.getOrDefault(returnAddress, 0L);
        values.put(Register.PROGRAM_COUNTER, rules.isSigned() ? Registers.unsigned(address, memory) : address);
        return function.common().signalFrame() ? Registers.interrupted(values::get) : Registers.calling(values::get);
    }
}
