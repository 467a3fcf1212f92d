package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.elf.Frame.Origin;
import dev.linen.testing.Skip;

/** Tests backtraces of real calls on a linen thread. */
class BacktraceTest {

    private static final String NO_TABLES = "-O2 -fno-asynchronous-unwind-tables -fno-unwind-tables "
            + "-fno-omit-frame-pointer";

    @TempDir(cleanup = CleanupMode.ALWAYS)
    Path directory;

    private Path library(String flags) {
        return Tool.compile(directory.resolve("chain.so"), "chain", flags.split(" "));
    }

    private static List<Long> programCounters(List<Frame> frames) {
        return frames.stream().map(Frame::programCounter).toList();
    }

    private static List<Origin> origins(List<Frame> frames) {
        return frames.stream().map(Frame::origin).toList();
    }

    private static List<Long> expected(long first, List<Long> returns) {
        List<Long> expected = new ArrayList<>(List.of(first));
        expected.addAll(returns);
        return expected;
    }

    /**
     * The last function returns to linen_child, whose own return address is 0, according to the tables of liblinen.so.
     */
    @ParameterizedTest
    @ValueSource(strings = {"-O0", "-O1", "-O2 -fomit-frame-pointer", "-O3 -march=native", "-Os", "-O2 -s",
            "-O2 -fno-omit-frame-pointer"})
    void of_codeWithTables_findsEveryCaller(String flags) {
        try (Chain chain = Chain.start(library(flags))) {
            List<Frame> frames = Backtrace.of(chain.registers(), chain.stack(), new OwnProcess());
            assertEquals(expected(chain.register(Register.PROGRAM_COUNTER), chain.returns()), programCounters(frames));
            List<Origin> origins = new ArrayList<>(Collections.nCopies(6, Origin.UNWIND_TABLE));
            origins.set(0, Origin.INSTRUCTION_POINTER);
            assertEquals(origins, origins(frames));
        }
    }

    /**
     * capture has no frame, so its return address is on top of the stack. With the frame pointer, third would be
     * missing.
     */
    @Test
    void of_codeWithoutTables_findsCallersByFramePointer() {
        try (Chain chain = Chain.start(library(NO_TABLES))) {
            List<Frame> frames = Backtrace.of(chain.registers(), chain.stack(), new OwnProcess());
            assertEquals(expected(chain.register(Register.PROGRAM_COUNTER), chain.returns()), programCounters(frames));
            assertEquals(List.of(Origin.INSTRUCTION_POINTER, Origin.STACK_TOP, Origin.FRAME_POINTER,
                    Origin.FRAME_POINTER, Origin.FRAME_POINTER, Origin.FRAME_POINTER), origins(frames));
        }
    }

    /** If third itself faults after its call, the value on top of the stack isn't a return address. */
    @Test
    void of_faultInAFrameWithoutTables_takesNoCallerFromTheStackTop() {
        Skip.unless(Register.LINK_REGISTER.isEmpty(), "nothing shows whether x30 is still the return address");
        try (Chain chain = Chain.start(library(NO_TABLES))) {
            List<Long> returns = chain.returns();
            long top = chain.register(Register.STACK_POINTER) + Long.BYTES;
            Registers third = Registers.interrupted(register -> register == Register.PROGRAM_COUNTER
                    ? returns.getFirst()
                    : register == Register.STACK_POINTER ? top : chain.register(register));
            List<Frame> frames = Backtrace.of(third, chain.stack(), new OwnProcess());
            assertEquals(returns, programCounters(frames));
            assertEquals(Origin.FRAME_POINTER, frames.get(1).origin());
        }
    }

    @Test
    void of_callOfNullOrData_findsTheCallerOnTopOfTheStack() {
        try (Chain chain = Chain.start(library("-O2"))) {
            for (long target : new long[]{0, 8, chain.stack().start(), 0x8000_0000_0000_0000L, -1}) {
                List<Frame> frames = Backtrace.of(chain.registersBut(Register.PROGRAM_COUNTER, target), chain.stack(),
                        new OwnProcess());
                assertEquals(expected(target, chain.returns()), programCounters(frames));
                assertEquals(Origin.STACK_TOP, frames.get(1).origin());
                assertEquals(Origin.UNWIND_TABLE, frames.get(2).origin());
            }
        }
    }

    @Test
    void of_everyFrame_isNamed() {
        Path library = library("-O2");
        try (Chain chain = Chain.start(library)) {
            OwnProcess now = new OwnProcess();
            List<Frame> frames = Backtrace.of(chain.registers(), chain.stack(), now);
            List<String> names = frames.stream().map(frame -> now.imageAt(frame.instruction())
                    .flatMap(image -> Symbols.of(image, library).at(frame.instruction())).map(Symbol::name).orElse("-"))
                    .toList();
            assertEquals(List.of("capture", "third", "second", "middle", "first", "linen_child"), names);
        }
    }

    @Test
    void of_deepRecursion_givesTheInnermost128() {
        try (Chain chain = Chain.recursion(library("-O1"), 1000)) {
            List<Frame> frames = Backtrace.of(chain.registers(), chain.stack(), new OwnProcess());
            assertEquals(Backtrace.MOST_FRAMES, frames.size());
            assertEquals(128, frames.size());
            // capture, the call of capture, and 126 of the same call
            assertEquals(3, programCounters(frames).stream().distinct().count());
        }
    }

    @Test
    void of_stackRange_isNotLeft() {
        try (Chain chain = Chain.start(library("-O2"))) {
            Range above = new Range(chain.stack().end(), chain.stack().end() + 4096);
            int inRegisters = Register.LINK_REGISTER.isPresent() ? 1 : 0; // capture's caller
            assertEquals(1 + inRegisters, Backtrace.of(chain.registers(), above, new OwnProcess()).size());
            Range cut = new Range(chain.stack().start(), chain.register(Register.STACK_POINTER) + 64);
            assertEquals(chain.returns().subList(0, 1),
                    programCounters(Backtrace.of(chain.registers(), cut, new OwnProcess())).subList(1, 2));
        }
    }

    @Test
    void of_guardUnderTheStackPointer_findsNoFunctionThatWasNotCalled() {
        try (Chain chain = Chain.start(library("-O2"))) {
            Registers overflow = chain.registersBut(Register.STACK_POINTER, chain.stack().start() - 4096);
            List<Frame> frames = Backtrace.of(overflow, chain.stack(), new OwnProcess());
            assertEquals(chain.register(Register.PROGRAM_COUNTER), frames.getFirst().programCounter());
            List<Long> callers = programCounters(frames).subList(1, frames.size()); // found by the frame pointer
            assertTrue(chain.returns().containsAll(callers), frames::toString);
            assertTrue(callers.size() < 5 || Register.LINK_REGISTER.isPresent(), frames::toString);
        }
    }

    /** Two frame pointers that point to each other. */
    @Test
    void framePointers_inACircle_areLeft() {
        Range stack = new Range(0x1000, 0x2000);
        Memory memory = new Memory((address, into) -> {
            long value = address == 0x1100 ? 0x1200 : 0x1100;
            for (int i = 0; i < into.length; i++) {
                into[i] = (byte) (value >> 8 * (i % 8));
            }
            return true;
        });
        Registers inner = Registers.interrupted(register -> register == Register.FRAME_POINTER ? 0x1100 : 0x1000);
        Optional<Registers> outer = FramePointers.caller(inner, stack, memory);
        assertEquals(0x1200, outer.orElseThrow().get(Register.FRAME_POINTER));
        Optional<Registers> outermost = FramePointers.caller(outer.get(), stack, memory);
        assertEquals(0x1210, outermost.orElseThrow().stackPointer());
        assertEquals(Optional.empty(), FramePointers.caller(outermost.get(), stack, memory));
    }

    @Test
    void linenChild_byItsTables_hasNoCaller() {
        try (Chain chain = Chain.start(library("-O2"))) {
            OwnProcess now = new OwnProcess();
            Registers registers = chain.registers();
            for (Frame frame : Backtrace.of(registers, chain.stack(), now)) {
                assertEquals(frame.programCounter(), registers.programCounter());
                LoadedElf image = now.imageAt(registers.instruction()).orElseThrow();
                registers = CallFrames.caller(image, registers, now).orElseThrow();
            }
            assertEquals(0, registers.programCounter());
            assertEquals(chain.stack().end(), registers.stackPointer());
            assertEquals(0, registers.get(Register.FRAME_POINTER));
        }
    }
}
