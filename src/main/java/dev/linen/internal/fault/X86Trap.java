package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.x86_64.sigcontext;

/** x86-64: the kernel tells the number of the exception, trapno, and its error code. */
final class X86Trap extends CpuTrap {

    /** Their names in struct sigcontext, in the order in which debuggers show them. */
    private static final List<String> REGISTERS = List.of("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
            "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags", "trapno", "err", "cr2");

    // trapno: the CPU's own number
    private static final long OVERFLOW = 4;
    private static final long STACK_SEGMENT = 12;
    private static final long GENERAL_PROTECTION = 13;
    private static final long PAGE_FAULT = 14;

    // err, of a page fault
    private static final long WRITTEN = 1 << 1;
    private static final long FETCHED = 1 << 4;

    @Override
    Map<String, Long> registers(FaultRecord facts) {
        Map<String, Long> registers = new LinkedHashMap<>();
        for (String name : REGISTERS) {
            long offset = sigcontext.layout().byteOffset(PathElement.groupElement(name));
            registers.put(name.equals("eflags") ? "rflags" : name, facts.words().get(JAVA_LONG, offset));
        }
        if (facts.isKill()) {
            registers.put("trapno", 0L);
            registers.put("err", 0L);
        }
        if (registers.getOrDefault("trapno", 0L) != PAGE_FAULT) {
            registers.put("cr2", 0L);
        }
        return Collections.unmodifiableMap(registers);
    }

    @Override
    String programCounter() {
        return "rip";
    }

    @Override
    String stackPointer() {
        return "rsp";
    }

    @Override
    long stackPointer(MemorySegment words) {
        return sigcontext.rsp(words);
    }

    @Override
    Optional<Reason> reason(FaultRecord facts, String meaning, Map<String, Long> registers,
            MemorySegment instruction) {
        X86Instruction code = new X86Instruction(instruction, registers);
        if (facts.signal() == Kernel.SIGILL) {
            return Optional.of(new Reason(Cause.ILLEGAL_INSTRUCTION, code.isTrap()
                    ? "the compiler put a trap there (ud1, ud2): undefined behaviour, such as a division by a constant "
                            + "0; code that must not be reached; or a check that failed"
                    : "the CPU doesn't have this instruction (" + meaning + ")"));
        }
        long trap = registers.getOrDefault("trapno", 0L);
        long stackPointer = registers.getOrDefault("rsp", 0L);
        if (trap == STACK_SEGMENT && !isCanonical(stackPointer)) {
            return Optional.of(new Reason(Cause.UNMAPPED,
                    "the stack pointer, " + hex(stackPointer) + ", can't be an address: its upper bits differ"));
        }
        if (trap == GENERAL_PROTECTION || trap == STACK_SEGMENT) {
            return Optional.of(protection(code));
        }
        if (facts.signal() == Kernel.SIGBUS && facts.code() == Kernel.BUS_ADRALN) {
            return Optional.of(misaligned(code));
        }
        return facts.signal() == Kernel.SIGSEGV && facts.code() == Kernel.SI_KERNEL && trap == OVERFLOW
                ? Optional.of(new Reason(Cause.TRAP, "the overflow exception was raised (int 4)"))
                : Optional.empty();
    }

    /** The CPU checks the alignment of ordinary accesses only if the thread has asked for it. */
    private static Reason misaligned(X86Instruction instruction) {
        OptionalLong operand = instruction.operand(); // the kernel gives 0 as the address
        return new Reason(Cause.MISALIGNED,
                (operand.isPresent() ? hex(operand.getAsLong()) : "the address")
                        + " is misaligned, and the thread has set the flag AC; or a locked access isn't within one "
                        + "cache line, which the kernel forbids (split_lock_detect)");
    }

    @Override
    Access access(FaultRecord facts, Map<String, Long> registers, MemorySegment instruction) {
        long error = registers.getOrDefault("err", 0L);
        if ((error & FETCHED) != 0 || facts.address() == registers.getOrDefault("rip", -1L)) {
            return Access.CALLED;
        }
        return (error & WRITTEN) != 0 ? Access.WRITTEN : Access.READ;
    }

    /** A general protection fault comes without an address; the instruction may tell it. */
    private static Reason protection(X86Instruction instruction) {
        if (instruction.isPrivileged()) {
            return new Reason(Cause.ILLEGAL_INSTRUCTION, "only the kernel may use this instruction");
        }
        if (instruction.isReturn()) {
            return new Reason(Cause.UNMAPPED, "the return address isn't an address: the stack was overwritten");
        }
        OptionalLong operand = instruction.operand();
        if (operand.isEmpty()) {
            return new Reason(Cause.UNMAPPED, "the CPU rejected an operand of the instruction");
        }
        long address = operand.getAsLong();
        if (isNearPoison(address, -1)) {
            return libcTls(hex(address) + " comes from the poison in linen's thread-local block");
        }
        if (!isCanonical(address)) {
            return new Reason(Cause.UNMAPPED, hex(address) + " can't be an address: its upper bits differ");
        }
        if (instruction.isVector() && address % instruction.vectorBytes() != 0) {
            return new Reason(Cause.MISALIGNED, hex(address) + " isn't a multiple of "
                    + instruction.vectorBytes() + ", as the instruction demands");
        }
        return new Reason(Cause.UNMAPPED, "the CPU rejected an operand of the instruction, maybe "
                + hex(address));
    }

    /** Whether bits 47 to 63 are the same. */
    private static boolean isCanonical(long address) {
        return address << 16 >> 16 == address;
    }
}
