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
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;

/** The cause that is concluded from a signal, its code, the registers and the instruction: without a fault. */
class FaultDiagnosisTest {

    private static final long GENERAL_PROTECTION = 13;
    private static final long PAGE_FAULT = 14;
    private static final long CONTROL_PROTECTION = 21;

    private static FaultDiagnosis diagnosis(int signal, int code, long address, String instruction,
            Map<String, Long> registers) {
        MemorySegment none = MemorySegment.ofAddress(1L << 40);
        Surroundings nowhere = new Surroundings("function", Optional.empty(), none, none, none, none, none, () -> 0);
        FaultRecord record = new FaultRecord(1, signal, code, address, MemorySegment.ofArray(new long[32]));
        return FaultDiagnosis.of(record, registers, MemorySegment.ofArray(HexFormat.of().parseHex(instruction)),
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

    @ParameterizedTest
    @CsvSource({"11, 1, UNMAPPED, address not mapped", "11, 2, PROTECTED, no permission for that address",
            "7, 2, BUS, no memory behind that address", "8, 1, DIVIDE, 'integer division by zero, or its result is too "
                    + "large'",
            "4, 1, ILLEGAL_INSTRUCTION, illegal opcode", "5, 1, TRAP, breakpoint", "5, -60, KILLED, it was killed"})
    void ofTheSignalAlone_isItsMeaning(int signal, int code, Cause cause, String explanation) {
        FaultRecord record = new FaultRecord(1, signal, code, 0, MemorySegment.ofArray(new long[32]));
        assertEquals(new FaultDiagnosis(cause, explanation), FaultDiagnosis.of(record));
    }
}
