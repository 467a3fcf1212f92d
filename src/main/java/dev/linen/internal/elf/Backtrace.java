package dev.linen.internal.elf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import dev.linen.internal.elf.Frame.Origin;

/**
 * The chain of calls that led to a fault, read from a dead thread's stack.
 *
 * <p>From each function the next is found by the {@linkplain CallFrames compiler's tables}, and where there are none by the
 * {@linkplain FramePointers frame pointer}. The chain ends with return address 0, which linen's threads begin with.
 *
 * <p>Code without tables that faults is a guess: has it a frame already, so that rbp shows the way, or is the return address still
 * on top of the stack? A call of NULL is such a case. Then both ways are walked, and the one that arrives at the end is right.
 */
public final class Backtrace {

    /** Who overflowed the stack by recursion has enough with these. */
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
     * The chain, the function that faulted first, the thread's own first function last.
     *
     * @param fault the registers at the fault
     * @param stack the thread's stack, without its guard
     * @return one frame at least, and 128 at most
     */
    public static List<Frame> of(Registers fault, Range stack, AddressSpace memory) {
        return new Backtrace(fault, stack, memory).frames();
    }

    private List<Frame> frames() {
        Optional<Step> byTable = byTable(fault);
        Stream<Step> candidates = byTable.isPresent()
                ? byTable.stream()
                : Stream.of(byStackTop(fault), byFramePointer(fault)).flatMap(Optional::stream);
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
            step = byTable(registers).or(() -> byFramePointer(registers));
        }
        return new Walk(frames, /* complete */ false);
    }

    /** Goes on to any return address: one that was overwritten is worth to be seen. */
    private Optional<Step> byTable(Registers callee) {
        return memory.imageAt(callee.instruction()).flatMap(image -> CallFrames.caller(image, callee, memory))
                .filter(caller -> isAbove(caller, callee)).map(caller -> new Step(caller, Origin.UNWIND_TABLE));
    }

    private Optional<Step> byFramePointer(Registers callee) {
        return FramePointers.caller(callee, stack, memory).filter(caller -> isAbove(caller, callee))
                .filter(this::isPlausible).map(caller -> new Step(caller, Origin.FRAME_POINTER));
    }

    private Optional<Step> byStackTop(Registers callee) {
        return FramePointers.callerAtStackTop(callee, stack, memory)
                .filter(caller -> memory.isExecutable(caller.instruction()))
                .map(caller -> new Step(caller, Origin.STACK_TOP));
    }

    /** What rbp points to must lead to code, or to the end. */
    private boolean isPlausible(Registers caller) {
        return caller.programCounter() == 0 || memory.isExecutable(caller.instruction());
    }

    /** The stack grows down: so callers are above, and no frame comes twice. */
    private boolean isAbove(Registers caller, Registers callee) {
        long top = caller.stackPointer();
        return top % Long.BYTES == 0 && stack.contains(top - 1)
                && Long.compareUnsigned(top, callee.stackPointer()) > 0;
    }
}
