package dev.linen.internal.elf;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Finds a caller by the tables that compilers write for C++ exceptions, and, on x86-64, for C as well: .eh_frame.
 *
 * <p>They tell for each instruction how far above rsp or rbp the return address is and where the caller's registers were saved. So
 * a function needs no frame pointer.
 */
final class CallFrames {

    private CallFrames() {}

    /**
     * The caller's registers, with rip 0 when the tables say that there is no caller.
     *
     * @param memory where the stack is
     * @return empty when there are no tables for this code, or they or the stack are corrupt
     */
    static Optional<Registers> caller(LoadedElf image, Registers callee, MemoryReader memory) {
        try {
            Optional<FrameDescription> function = image.unwindTable().find(callee.instruction());
            return function.isEmpty() ? Optional.empty() : Optional.of(caller(function.get(), callee, memory));
        } catch (Malformed noTables) {
            return Optional.empty();
        }
    }

    private static Registers caller(FrameDescription function, Registers callee, MemoryReader memory) throws Malformed {
        CfaProgram rules = CfaProgram.run(function, callee.instruction());
        long cfa = rules.cfa().value(0, callee, memory);
        Map<Register, Long> values = new EnumMap<>(Register.class);
        for (Register register : Register.values()) {
            values.put(register, rules.rule(register).value(cfa, callee, memory));
        }
        Register returnAddress = Register.ofNumber(function.common().returnAddress())
                .orElseThrow(() -> new Malformed("an unknown register"));
        values.put(Register.PROGRAM_COUNTER, values.getOrDefault(returnAddress, 0L));
        return function.common().signalFrame() ? Registers.interrupted(values::get) : Registers.calling(values::get);
    }
}
