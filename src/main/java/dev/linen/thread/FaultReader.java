package dev.linen.thread;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import dev.linen.internal.elf.Backtrace;
import dev.linen.internal.elf.Frame;
import dev.linen.internal.elf.Range;
import dev.linen.internal.elf.Register;
import dev.linen.internal.elf.Registers;
import dev.linen.internal.linux.linen_fault;
import dev.linen.internal.linux.x86_64.sigcontext;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Peek;

/** Makes a {@link ThreadFault} of what {@code fault.c} wrote into the control block, and of the dead thread's stack. */
final class FaultReader {

    private static final int INSTRUCTION_BYTES = 16;

    /** Their names in struct sigcontext, in the order of a debugger's. */
    private static final List<String> REGISTERS = List.of("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
            "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags", "trapno", "err", "cr2");

    private FaultReader() {}

    /** For who has the slot of a thread that has ended by a fault. */
    static ThreadFault read(StackSlot slot, Lent lent) {
        MemorySegment fault = slot.fault();
        Map<String, Long> registers = registers(linen_fault.registers(fault));
        long programCounter = registers.getOrDefault("rip", 0L);
        ThreadFault.Facts facts = new ThreadFault.Facts(slot.tid(), lent.function().toString(),
                linen_fault.signal(fault),
                linen_fault.code(fault), linen_fault.address(fault), registers, instruction(programCounter),
                slot.geometry().stackBytes(), used(slot));
        FaultDiagnosis diagnosis = FaultDiagnosis.of(facts, slot, lent,
                MemoryMap.regionAt(facts.address()).map(MemoryMap.Region::protection));
        return new ThreadFault(facts, diagnosis, backtrace(registers, slot.stack()));
    }

    private static Map<String, Long> registers(MemorySegment words) {
        Map<String, Long> registers = new LinkedHashMap<>();
        for (String name : REGISTERS) {
            long offset = sigcontext.layout().byteOffset(PathElement.groupElement(name));
            registers.put(name.equals("eflags") ? "rflags" : name, words.get(JAVA_LONG, offset));
        }
        return registers;
    }

    /** Fewer bytes where the memory ends. */
    private static MemorySegment instruction(long address) {
        long pageLeft = Mapping.pageSize() - Math.floorMod(address, Mapping.pageSize());
        byte[] all = new byte[INSTRUCTION_BYTES];
        byte[] some = new byte[(int) Math.min(INSTRUCTION_BYTES, pageLeft)];
        byte[] read = Peek.read(address, all) ? all : Peek.read(address, some) ? some : new byte[0];
        return MemorySegment.ofArray(read).asReadOnly();
    }

    private static long used(StackSlot slot) {
        try {
            return slot.usedBytes();
        } catch (RuntimeException unknown) {
            return -1;
        }
    }

    private static List<CodeLocation> backtrace(Map<String, Long> registers, MemorySegment stack) {
        Registers fault = Registers.interrupted((Register register) -> registers.getOrDefault(
                register.name().toLowerCase(Locale.ROOT), 0L));
        Range range = new Range(stack.address(), stack.address() + stack.byteSize());
        ProcessImages images = new ProcessImages();
        List<Frame> frames = Backtrace.of(fault, range, images);
        Map<Frame, CodeLocation> known = new HashMap<>(); // a recursion's are all the same
        return frames.stream().map(frame -> known.computeIfAbsent(frame,
                each -> images.locate(each.programCounter(), each.instruction()))).toList();
    }
}
