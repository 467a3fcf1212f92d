package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;

/** The cause that is concluded from a signal, its code, the registers and the instruction: without a fault. */
class FaultDiagnosisTest {

    private static final long GENERAL_PROTECTION = 13;
    private static final long PAGE_FAULT = 14;
    private static final long CONTROL_PROTECTION = 21;

    private static FaultDiagnosis diagnosis(int signal, int code, long address, String instruction,
            Map<String, Long> registers) {
        return diagnosis(new X86Trap(), signal, code, address, instruction, registers);
    }

    private static FaultDiagnosis diagnosis(CpuTrap cpu, int signal, int code, long address, String instruction,
            Map<String, Long> registers) {
        MemorySegment none = MemorySegment.ofAddress(1L << 40);
        Surroundings nowhere = new Surroundings("function", Optional.empty(), none, none, none, none, none, () -> 0);
        FaultRecord record = new FaultRecord(1, signal, code, address,
                MemorySegment.ofArray(new long[LinenH.LINEN_REGISTERS]));
        return FaultDiagnosis.of(cpu, record, registers, MemorySegment.ofArray(HexFormat.of().parseHex(instruction)),
                nowhere);
    }

    private static String text(FaultDiagnosis diagnosis) {
        return diagnosis.cause() + ": " + diagnosis.explanation();
    }

    /** Not every CPU has protection keys. */
    @Test
    void pageFault_protectionKey_isNamed() {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            FaultDiagnosis diagnosis = diagnosis(Kernel.SIGSEGV, Kernel.SEGV_PKUERR, mapping.address(), "8807",
                    Map.of("trapno", PAGE_FAULT, "err", 7L));
            assertEquals("PROTECTED: 0x" + Long.toHexString(mapping.address())
                    + " can't be written: its protection key forbids it to this thread", text(diagnosis));
        }
    }

    /** The kernel gives 0 as the address, which is no NULL pointer. */
    @Test
    void controlProtection_returnAddressIsNotTheShadowStacks_isNoNullPointer() {
        FaultDiagnosis diagnosis = diagnosis(Kernel.SIGSEGV, Kernel.SEGV_CPERR, 0, "c3",
                Map.of("trapno", CONTROL_PROTECTION, "err", 1L));
        assertEquals(Cause.PROTECTED, diagnosis.cause());
        assertTrue(diagnosis.explanation().contains("the CPU's shadow stack"), diagnosis::explanation);
    }

    @ParameterizedTest
    @CsvSource({"0f2907, 16, movaps [rdi] xmm0", "660f7f07, 16, movdqa [rdi] xmm0", "c5f82907, 16, vmovaps [rdi] xmm0",
            "c5fc2907, 32, vmovaps [rdi] ymm0", "c4e17c2907, 32, vmovaps [rdi] ymm0 with three bytes of VEX",
            "62f17c482907, 64, vmovaps [rdi] zmm0", "62f17c282907, 32, vmovaps [rdi] ymm0 with EVEX"})
    void generalProtection_vectorMove_needsAMultipleOfItsSize(String instruction, long bytes, String what) {
        Map<String, Long> registers = new HashMap<>(Map.of("trapno", GENERAL_PROTECTION));
        registers.put("rdi", 0x10000 + bytes / 2);
        FaultDiagnosis half = diagnosis(Kernel.SIGSEGV, Kernel.SI_KERNEL, 0, instruction, registers);
        assertEquals("MISALIGNED: 0x" + Long.toHexString(0x10000 + bytes / 2) + " isn't a multiple of " + bytes
                + ", as the instruction demands", text(half), what);
        registers.put("rdi", 0x10000 + bytes);
        FaultDiagnosis whole = diagnosis(Kernel.SIGSEGV, Kernel.SI_KERNEL, 0, instruction, registers);
        assertEquals(Cause.UNMAPPED, whole.cause(), what);
    }

    @ParameterizedTest
    @CsvSource({"4, the hardware has found an error in it", "3, the hardware has found an error in it",
            "2, 'a mapped file ends before it, the file system is full, or no huge page is left'"})
    void bus_code_decides(int code, String why) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(8).address();
            FaultDiagnosis diagnosis = diagnosis(Kernel.SIGBUS, code, address, "8807", Map.of("trapno", PAGE_FAULT));
            assertEquals("BUS: there is no memory behind 0x" + Long.toHexString(address) + ": " + why, text(diagnosis));
        }
    }

    /** A report may be read long after the fault. */
    @Test
    void pageFault_mappedSince_isNoGuardPage() {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            FaultDiagnosis diagnosis = diagnosis(Kernel.SIGSEGV, Kernel.SEGV_MAPERR, mapping.address() + 8, "8a07",
                    Map.of("trapno", PAGE_FAULT));
            assertEquals(Cause.UNMAPPED, diagnosis.cause(), diagnosis::explanation);
        }
    }

    @Test
    void pageFault_protectionChangedSince_isNotContradictory() {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            String address = "0x" + Long.toHexString(mapping.address());
            Map<String, Long> written = Map.of("trapno", PAGE_FAULT, "err", 7L);
            assertEquals("PROTECTED: " + address + " can't be written", text(
                    diagnosis(Kernel.SIGSEGV, Kernel.SEGV_ACCERR, mapping.address(), "8807", written)));
            mapping.protect(Protection.READ);
            assertEquals("PROTECTED: " + address + " can't be written (PROT_READ)", text(
                    diagnosis(Kernel.SIGSEGV, Kernel.SEGV_ACCERR, mapping.address(), "8807", written)));
        }
    }

    /** signal, code, address, instruction, register, its value, what is concluded. */
    @ParameterizedTest
    @CsvSource({"4, 1, 0x1000, 00000000, pc, 0x1000, ILLEGAL_INSTRUCTION: no instruction",
            "4, 1, 0x1000, 010200d4, pc, 0x1000, ILLEGAL_INSTRUCTION: the CPU doesn't have this instruction",
            "4, 1, 0x1000, 1f2003d5, pstate, 0x400, ILLEGAL_INSTRUCTION: a jump to code that isn't a landing pad (bti)",
            "4, 1, 0x1000, 00000000, pstate, 0x800, ILLEGAL_INSTRUCTION: no instruction",
            "4, 2, 0x1000, bf2303d5, pc, 0x1000, ILLEGAL_INSTRUCTION: an authenticated pointer has a wrong signature",
            "4, 1, 0x1000, ff0b5fd6, pc, 0x1000, ILLEGAL_INSTRUCTION: the CPU doesn't have this instruction",
            "4, 2, 0x1000, '', esr, 0x72000000, ILLEGAL_INSTRUCTION: an authenticated pointer has a wrong signature",
            "5, 1, 0x1000, 007d20d4, pc, 0x1000, TRAP: the compiler put a trap there (brk)",
            "5, 1, 0x1000, 200020d4, pc, 0x1000, TRAP: the compiler put a trap there (brk)",
            "5, 1, 0x1000, 000020d4, pc, 0x1000, TRAP: breakpoint",
            "7, 1, 0x20001, 00fc5fc8, esr, 0x92000021, 'MISALIGNED: 0x20001 is misaligned: the instruction'",
            "7, 1, 0x20001, 00fc5fc8, esr, 0x9a000000, 'MISALIGNED: the stack pointer, 0x0, isn''t a multiple of 16'",
            "7, 1, 0x20002, '', esr, 0x8a000000, MISALIGNED: 0x20002 isn't a multiple of 4",
            "11, 1, 0x40000000001000, 000040f9, x0, 0, 'UNMAPPED: 0x40000000001000 can''t be an address'",
            "11, 1, 0x40000000001000, '', pc, 0x40000000001000, 'UNMAPPED: the return address or function pointer'",
            "11, 1, 0x742d6e656e6974, 000040f9, x0, 0, 'LIBC_TLS: it needs libc''s thread-local storage'",
            "11, 9, 0x20000, 000040f9, x0, 0, PROTECTED: 0x20000 has another tag than the memory",
            "11, 8, 0, 000040f9, x0, 0, PROTECTED: some access before this instruction has another tag",
            "11, 1, 8, 000040f9, esr, 0x92000006, NULL_POINTER: NULL + 0x8 was read",
            "11, 1, 8, '', esr, 0x92000046, NULL_POINTER: NULL + 0x8 was written",
            "11, 1, 8, '', esr, 0x92000146, NULL_POINTER: NULL + 0x8 was read",
            "11, 1, 8, 000000f9, x0, 0, NULL_POINTER: NULL + 0x8 was written",
            "11, 1, 8, '', pc, 8, NULL_POINTER: NULL + 0x8 was called"})
    void aarch64_exception_isNamed(int signal, int code, String address, String instruction, String register,
            String value, String expected) {
        FaultDiagnosis diagnosis = diagnosis(new Aarch64Trap(), signal, code, Long.decode(address), instruction,
                Map.of(register, Long.decode(value)));
        assertTrue(text(diagnosis).startsWith(expected), () -> text(diagnosis));
    }

    /** As encoded by an assembler, the lowest byte first. */
    @ParameterizedTest
    @CsvSource({"000000f9, true, str x0 [x0]", "000040f9, false, ldr x0 [x0]", "00000039, true, strb w0 [x0]",
            "00008039, false, ldrsb x0 [x0]", "0000803d, true, str q0 [x0]", "0000c03d, false, ldr q0 [x0]",
            "000400a9, true, stp x0 x1 [x0]", "000440a9, false, ldp x0 x1 [x0]", "007c00c8, true, stxr w0 x0 [x0]",
            "007c5fc8, false, ldxr x0 [x0]", "00fc9fc8, true, stlr x0 [x0]", "00fcdfc8, false, ldar x0 [x0]",
            "000020f8, true, ldadd x0 x0 [x0]", "00000058, false, ldr x0 literal", "0000000c, true, st4",
            "0000400c, false, ld4", "20740bd5, true, dc zva x0", "00000091, false, add x0 x0 0",
            "1f2003d5, false, nop"})
    void aarch64_isStore_isWhatTheInstructionDoes(String instruction, boolean store, String what) {
        int code = Integer.reverseBytes(HexFormat.fromHexDigits(instruction));
        assertEquals(store, Aarch64Trap.isStore(code), what);
    }

    @ParameterizedTest
    @CsvSource({"11, 1, UNMAPPED, address not mapped", "11, 2, PROTECTED, no permission for that address",
            "7, 2, BUS, no memory behind that address", "8, 1, DIVIDE, 'integer division by zero, or its result is too "
                    + "large'",
            "4, 1, ILLEGAL_INSTRUCTION, illegal opcode", "5, 1, TRAP, breakpoint", "5, -60, KILLED, it was killed"})
    void ofTheSignalAlone_isItsMeaning(int signal, int code, Cause cause, String explanation) {
        FaultRecord record = new FaultRecord(1, signal, code, 0,
                MemorySegment.ofArray(new long[LinenH.LINEN_REGISTERS]));
        assertEquals(new FaultDiagnosis(cause, explanation), FaultDiagnosis.of(record));
    }
}
