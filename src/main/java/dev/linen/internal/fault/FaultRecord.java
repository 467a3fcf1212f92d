package dev.linen.internal.fault;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.linen.internal.linux.linen_fault;
import dev.linen.internal.linux.x86_64.sigcontext;

/**
 * What the handler wrote down: a copy of struct linen_fault.
 *
 * @param tid of the thread
 * @param signal its number
 * @param code si_code
 * @param address si_addr
 * @param words the first words of the CPU's struct sigcontext
 */
public record FaultRecord(int tid, int signal, int code, long address, MemorySegment words) {

    /** Their names in struct sigcontext, in the order in which debuggers show them. */
    private static final List<String> REGISTERS = List.of("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
            "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags", "trapno", "err", "cr2");

    /** Copies it. */
    public static FaultRecord of(int tid, MemorySegment fault) {
        return new FaultRecord(tid, linen_fault.signal(fault), linen_fault.code(fault), linen_fault.address(fault),
                MemorySegment.ofArray(linen_fault.registers(fault).toArray(JAVA_LONG)).asReadOnly());
    }

    /** Whether the thread was killed: the signal was sent, and no instruction raised it. */
    public boolean isKill() {
        return code <= 0; // those that an instruction raises are above
    }

    long stackPointer() {
        return sigcontext.rsp(words);
    }

    /** All general registers, by their names. */
    Map<String, Long> registers() {
        Map<String, Long> registers = new LinkedHashMap<>();
        for (String name : REGISTERS) {
            long offset = sigcontext.layout().byteOffset(PathElement.groupElement(name));
            registers.put(name.equals("eflags") ? "rflags" : name, words.get(JAVA_LONG, offset));
        }
        return Collections.unmodifiableMap(registers);
    }
}
