package dev.linen.internal.fault;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.linen_fault;

/**
 * What the handler wrote down: a copy of struct linen_fault.
 *
 * @param tid of the thread
 * @param signal its number
 * @param code si_code
 * @param address si_addr
 * @param words the first words of the CPU's struct sigcontext: see {@code cpu_record} in each {@code cpu.h}
 */
public record FaultRecord(int tid, int signal, int code, long address, MemorySegment words) {

    /** Copies it. */
    public static FaultRecord of(int tid, MemorySegment fault) {
        return new FaultRecord(tid, linen_fault.signal(fault), linen_fault.code(fault), linen_fault.address(fault),
                MemorySegment.ofArray(linen_fault.registers(fault).toArray(JAVA_LONG)).asReadOnly());
    }

    /** Whether the thread was killed: the signal was sent, and no instruction raised it. */
    public boolean isKill() {
        return code <= 0; // those that an instruction raises are above
    }
}
