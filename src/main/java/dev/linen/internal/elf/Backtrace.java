package dev.linen.internal.elf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import dev.linen.internal.elf.Frame.Origin;

/**
 * The chain of calls that led to a fault, unwound from the stack of the thread that died.
 *
 * <p>The caller of each function is found by the {@linkplain CallFrames compiler's tables}, or, if the function has
 * none, by the {@linkplain FramePointers frame pointer}. The chain ends at return address 0, which the first function of
 * each linen thread has.
 *
 * <p>If the code that faulted has no tables, as after a call of NULL, it is unknown whether it has already set up a
 * frame. If it has, the frame pointer leads to the caller. If not, the return address is still where the call left it:
 * on top of the stack (x86-64), or in x30 (aarch64). Both ways are tried, and the one that reaches the end of the chain
 * is used.
 */
public final class Backtrace {

    /** The limit, which a stack overflow by recursion reaches. */
    static final int MOST_FRAMES = 128;

    private record Step(Registers registers, Origin origin) {}

    private record Walk(List<Frame> frames, boolean complete) {}

    private final Registers fault;
    private final Range stack;
    private final AddressSpace memory;

    private Backtrace(Registers fault, Range stack, AddressSpace memory) {
        this.fault = fault;
        this.stack = stack;
        this.memory = memory;
    }

    /**
     * Returns the chain, from the function that faulted to the first function of the thread.
     *
     * @param fault the registers at the fault
     * @param stack the stack of the thread, without its guard
     * @return from 1 to 128 frames
     */
    public static List<Frame> of(Registers fault, Range stack, AddressSpace memory) {
        return new Backtrace(fault, stack, memory).frames();
    }

    private List<Frame> frames() {
        Optional<Step> byTable = byTable(fault);
        Stream<Step> candidates = byTable.isPresent()
                ? byTable.stream()
                : Stream.of(byNoFrame(fault), byFramePointer(fault)).flatMap(Optional::stream);
        Walk best = new Walk(List.of(Frame.of(fault, Origin.INSTRUCTION_POINTER)), /* complete */ false);
        for (Walk walk : candidates.map(this::walk).toList()) {
            boolean better = walk.complete == best.complete
                    ? walk.frames.size() > best.frames.size()
                    : walk.complete;
            best = better ? walk : best;
        }
        return best.frames;
    }

    private Walk walk(Step first) {
        List<Frame> frames = new ArrayList<>();
        frames.add(Frame.of(fault, Origin.INSTRUCTION_POINTER));
        Optional<Step> step = Optional.of(first);
        while (step.isPresent() && frames.size() < MOST_FRAMES) {
            Registers registers = step.get().registers;
            if (registers.programCounter() == 0) {
                return new Walk(frames, /* complete */ true);
            }
            frames.add(Frame.of(registers, step.get().origin));
            step = isStackPointerKnown(step.get())
                    ? byTable(registers).or(() -> byFramePointer(registers))
                    : byFramePointer(registers).or(() -> byTable(registers));
        }
        return new Walk(frames, /* complete */ false);
    }

    /** Accepts any return address, even an invalid one: a report should show that it was overwritten. */
    private Optional<Step> byTable(Registers callee) {
        return memory.imageAt(callee.instruction()).flatMap(image -> CallFrames.caller(image, callee, memory))
                .filter(caller -> isAbove(caller, callee)).map(caller -> new Step(caller, Origin.UNWIND_TABLE));
    }

    private Optional<Step> byFramePointer(Registers callee) {
        return FramePointers.caller(callee, stack, memory).filter(caller -> isAbove(caller, callee))
                .filter(this::isPlausible).map(caller -> new Step(caller, Origin.FRAME_POINTER));
    }

    private Optional<Step> byNoFrame(Registers callee) {
        // If a frame has the same return address, it has just been set up.
        Optional<Registers> byFrame = FramePointers.caller(callee, stack, memory)
                .filter(caller -> Register.LINK_REGISTER.isPresent());
        return FramePointers.callerOfNoFrame(callee, stack, memory)
                .filter(caller -> memory.isExecutable(caller.instruction()))
                .filter(caller -> byFrame.stream().noneMatch(it -> it.programCounter() == caller.programCounter()))
                .map(caller -> new Step(caller, Origin.STACK_TOP));
    }

    /** A return address that the frame pointer points to must be in code, or be the end of the chain. */
    private boolean isPlausible(Registers caller) {
        return caller.programCounter() == 0 || memory.isExecutable(caller.instruction());
    }

    /** The tables count from the stack pointer, which a pair doesn't tell where it isn't at the top of its frame. */
    private static boolean isStackPointerKnown(Step step) {
        return step.origin != Origin.FRAME_POINTER || Register.LINK_REGISTER.isEmpty();
    }

    /**
     * The stack grows down, so that callers are at higher addresses. This also prevents cycles. A function that was
     * interrupted may have no frame yet, where a call doesn't push anything.
     */
    private boolean isAbove(Registers caller, Registers callee) {
        long top = caller.stackPointer();
        int distance = Long.compareUnsigned(top, callee.stackPointer());
        boolean mayHaveNoFrame = callee.isInterrupted() && Register.LINK_REGISTER.isPresent();
        return top % Long.BYTES == 0 && stack.contains(top - 1) && (distance > 0 || (distance == 0 && mayHaveNoFrame));
    }
}
