package dev.linen.internal.fault;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;

import dev.linen.internal.linux.LinenH;

/**
 * What a CPU says of an instruction that it couldn't execute: its registers, and why. There is a class for each
 * CPU; {@link ThisCpu} has the one that is used.
 */
abstract class CpuTrap {

    /** How far from the poison in its thread-local block a pointer of libc's is followed. */
    private static final long NEAR_POISON = 64 << 10;

    /** What the instruction wanted of the address. */
    enum Access {
        READ("read"), WRITTEN("written"), CALLED("called");

        private final String participle;

        Access(String participle) {
            this.participle = participle;
        }

        @Override
        public String toString() {
            return participle;
        }
    }

    /**
     * Returns all general registers by their names, in the order in which debuggers show them; and what describes the
     * exception. Where the kernel tells that of an earlier one, which may have been on the thread's creator, it is 0.
     */
    abstract Map<String, Long> registers(FaultRecord facts);

    /** Returns the name of the register with the address of the instruction. */
    abstract String programCounter();

    /** Returns the name of the register with the lowest address of the stack that is in use. */
    abstract String stackPointer();

    abstract long stackPointer(MemorySegment words);

    /**
     * Returns the reason where it follows from how this CPU does things; empty if the address and what is there decide.
     *
     * @param meaning of the signal's code, in a few words
     * @param instruction the machine code at the instruction pointer
     */
    abstract Optional<Reason> reason(FaultRecord facts, String meaning, Map<String, Long> registers,
            MemorySegment instruction);

    /** What the instruction wanted of the address that it faulted at. */
    abstract Access access(FaultRecord facts, Map<String, Long> registers, MemorySegment instruction);

    /**
     * Whether an address comes from the poison in linen's thread-local block.
     *
     * @param significant the bits of an address that this CPU reports
     */
    static boolean isNearPoison(long address, long significant) {
        return Math.abs((address & significant) - (LinenH.LINEN_TLS_MAGIC & significant)) < NEAR_POISON;
    }

    static Reason libcTls(String how) {
        return new Reason(Cause.LIBC_TLS,
                "it needs libc's thread-local storage (malloc, errno, locale, stdio, __thread): run it as Kind.POSIX; "
                        + how);
    }
}
