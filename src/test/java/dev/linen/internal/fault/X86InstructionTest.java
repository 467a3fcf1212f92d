package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The memory address that an instruction accesses, computed from its bytes and the registers. */
class X86InstructionTest {

    private static final Map<String, Long> REGISTERS = Map.ofEntries(Map.entry("rax", 0x1000L),
            Map.entry("rcx", 0x3L), Map.entry("rdx", 0x5L), Map.entry("rbx", 0x2000L), Map.entry("rsp", 0x7000L),
            Map.entry("rbp", 0x8000L), Map.entry("rsi", 0x9000L), Map.entry("rdi", 0xA000L), Map.entry("r8", 0x80000L),
            Map.entry("r9", 0x9L), Map.entry("r12", 0xC0000L), Map.entry("r13", 0xD0000L));

    private static X86Instruction of(String hex) {
        return new X86Instruction(MemorySegment.ofArray(HexFormat.of().parseHex(hex)), REGISTERS);
    }

    @ParameterizedTest
    @CsvSource({
            "488b00, 1000, mov rax [rax]", "8807, a000, mov [rdi] al", "418800, 80000, mov [r8] al",
            "8b4308, 2008, mov eax [rbx+8]", "8b43f8, 1ff8, mov eax [rbx-8]",
            "8b8300010000, 2100, mov eax [rbx+0x100]", "8b8300ffffff, 1f00, mov eax [rbx-0x100]",
            "8b0424, 7000, mov eax [rsp]", "8b442410, 7010, mov eax [rsp+0x10]",
            "8b048b, 200c, mov eax [rbx+4*rcx]", "428b04cb, 2048, mov eax [rbx+8*r9]",
            "8b048d00010000, 10c, mov eax [4*rcx+0x100]", "418b0424, c0000, mov eax [r12]",
            "418b4500, d0000, mov eax [r13]", "660f6f07, a000, movdqa xmm0 [rdi]",
            "c5f928 07, a000, vmovapd xmm0 [rdi]", "c4c17928 00, 80000, vmovapd xmm0 [r8]",
            "c4a1792804cb, 2048, vmovapd xmm0 [rbx+8*r9]", "ffd0, 1000, call rax", "ff20, 1000, jmp [rax]",
            "f00fb10f, a000, lock cmpxchg [rdi] ecx"})
    void operand_ofMemory_isItsAddress(String bytes, String address, String instruction) {
        assertEquals(OptionalLong.of(Long.parseLong(address, 16)), of(bytes.replace(" ", "")).operand(), instruction);
    }

    @ParameterizedTest
    @CsvSource({"89d8, mov eax ebx", "90, nop", "648b00, mov eax fs:[rax]", "8b0500010000, mov eax [rip+0x100]", "'', ",
            "48, a REX and no more", "f3a4, rep movsb"})
    void operand_noneOrUnknown_isEmpty(String bytes, String instruction) {
        assertEquals(OptionalLong.empty(), of(bytes).operand(), instruction);
    }

    @ParameterizedTest
    @CsvSource({"f4, true", "0f32, true", "0f22d8, true", "e6 80, true", "cd80, true", "c5f807, false", "c3, false"})
    void isPrivileged_whatOnlyTheKernelMayUse_isTrue(String bytes, boolean privileged) {
        assertEquals(privileged, of(bytes.replace(" ", "")).isPrivileged());
    }

    @ParameterizedTest
    @CsvSource({"c3, true", "c20800, true", "f3c3, true", "0fc3, false", "90, false"})
    void isReturn_ret_isTrue(String bytes, boolean returns) {
        assertEquals(returns, of(bytes).isReturn());
    }
}
