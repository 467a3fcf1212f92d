package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.elf.Backtrace;
import dev.linen.internal.elf.Frame;
import dev.linen.internal.elf.Range;
import dev.linen.internal.elf.Register;
import dev.linen.internal.elf.Registers;
import dev.linen.memory.Mapping;
import dev.linen.memory.Peek;

/**
 * All that is known of a fault. What the handler wrote down is always there; everything else is found out when it is
 * first asked for, and is left out where that isn't possible.
 */
public final class FaultReport {

    /** A look at the pages of a larger stack takes too long while others wait for the stack. */
    private static final long MOST_COUNTED_BYTES = 64L << 20;

    private static final int INSTRUCTION_BYTES = 16;

    /** How much of the stack is searched for the name of a symbol: the frames of a dynamic linker. */
    private static final int MOST_WORDS = 1024;
    private static final long UNKNOWN = -1;

    private final FaultRecord record;
    private final Surroundings around;

    // What is read from the thread's stack, as long as it is that thread's. Guarded by this.
    private boolean settled;
    private boolean counted;
    private long usedBytes = UNKNOWN;
    private @Nullable StackCopy stack;

    // What has been asked for. Two threads may find it out at the same time, with the same outcome.
    private volatile @Nullable Map<String, Long> registers;
    private volatile @Nullable MemorySegment instruction;
    private volatile @Nullable FaultDiagnosis diagnosis;
    private volatile @Nullable List<Place> backtrace;

    /** @param around of a thread that has ended by this fault */
    public FaultReport(FaultRecord record, Surroundings around) {
        this.record = record;
        this.around = around;
    }

    /**
     * To be called before the thread's stack is used again: copies what can't be read there afterwards. Throws nothing.
     */
    public synchronized void settle() {
        try {
            if (!settled) {
                stack();
                if (stackBytes() <= MOST_COUNTED_BYTES) {
                    usedBytes();
                }
            }
        } catch (RuntimeException | Error full) {
            // then the report has less to say
        } finally {
            settled = true;
        }
    }

    /** Null if there was no memory for the copy. */
    private synchronized @Nullable StackCopy stack() {
        if (!settled && stack == null) {
            try {
                stack = StackCopy.of(around.stack(), ThisCpu.TRAP.stackPointer(record.words()));
            } catch (RuntimeException | LinkageError | VirtualMachineError full) {
                return null;
            }
        }
        return stack;
    }

    /** Whether all that a report is made of can be read now, so that it needn't be made again. */
    private boolean isComplete() {
        return stack() != null && ProcessImages.canOpenFiles();
    }

    /** What the handler wrote down. */
    public FaultRecord record() {
        return record;
    }

    /** What the thread ran, by name. */
    public String function() {
        return around.function();
    }

    /** All general registers, by their names. */
    public Map<String, Long> registers() {
        Map<String, Long> known = registers;
        if (known == null) {
            known = ThisCpu.TRAP.registers(record);
            registers = known;
        }
        return known;
    }

    /** The size of the thread's stack. */
    public long stackBytes() {
        return around.stack().byteSize();
    }

    /** How much of the stack has been used; -1 if that isn't known. */
    public synchronized long usedBytes() {
        if (!settled && !counted) {
            try {
                usedBytes = around.usedBytes().getAsLong();
            } catch (RuntimeException | LinkageError | VirtualMachineError unknown) {
                // it stays unknown
            }
            counted = true;
        }
        return usedBytes;
    }

    /** Why the thread ended. */
    public Cause cause() {
        return diagnosis().cause();
    }

    /** Why the thread ended, in a sentence. */
    public String explanation() {
        return diagnosis().explanation();
    }

    /** The machine code at the instruction pointer; empty if it can't be read. */
    public MemorySegment instruction() {
        MemorySegment known = instruction;
        if (known == null) {
            known = instructionAt(registers().getOrDefault(ThisCpu.TRAP.programCounter(), 0L));
            instruction = known;
        }
        return known;
    }

    /** The chain of calls, the function that faulted first; at least that one. */
    public List<Place> backtrace() {
        List<Place> known = backtrace;
        if (known == null) {
            try {
                known = walk();
                backtrace = isComplete() ? known : null;
            } catch (RuntimeException | LinkageError | VirtualMachineError unknown) {
                long at = registers().getOrDefault(ThisCpu.TRAP.programCounter(), 0L);
                known = List.of(new Place(at, hex(at), ""));
            }
        }
        return known;
    }

    private FaultDiagnosis diagnosis() {
        FaultDiagnosis known = diagnosis;
        if (known == null) {
            try {
                known = FaultDiagnosis.of(record, registers(), instruction(), around);
                if (known.cause() == Cause.LIBC_TLS) {
                    known = undefinedSymbol().orElse(known);
                }
                diagnosis = isComplete() ? known : null;
            } catch (RuntimeException | LinkageError | VirtualMachineError unknown) {
                known = FaultDiagnosis.of(record);
            }
        }
        return known;
    }

    /**
     * Whether the dynamic linker was looking for a symbol when it needed thread-local storage. It does so to report
     * that it has found none. The caller's frame is the first behind the dynamic linker's; among the values on the
     * stack there is the pointer to the symbol's name in the caller's library.
     */
    private Optional<FaultDiagnosis> undefinedSymbol() {
        List<Place> places = backtrace();
        int caller = 0;
        while (caller < places.size() && places.get(caller).file().matches("ld-.*|ld\\.so.*|libc[.-].*")) {
            caller++;
        }
        boolean linker = places.subList(0, caller).stream().anyMatch(place -> place.file().startsWith("ld"));
        StackCopy copy = stack();
        if (!linker || caller == places.size() || copy == null) {
            return Optional.empty();
        }
        Place place = places.get(caller);
        ProcessImages images = new ProcessImages(around.stack(), copy);
        Optional<String> name = Optional.empty();
        for (long pointer : copy.words(MOST_WORDS)) {
            name = name.isPresent() ? name : images.symbolNameAt(pointer, place.address());
        }
        // Without a name it is another function of the dynamic linker's: __tls_get_addr.
        return name.map(found -> FaultDiagnosis.undefinedSymbol(found, place.file()));
    }

    /** Fewer bytes where the memory ends. */
    private static MemorySegment instructionAt(long address) {
        long pageLeft = Mapping.pageSize() - Math.floorMod(address, Mapping.pageSize());
        byte[] all = new byte[INSTRUCTION_BYTES];
        byte[] some = new byte[(int) Math.min(INSTRUCTION_BYTES, pageLeft)];
        byte[] read = Peek.read(address, all) ? all : Peek.read(address, some) ? some : new byte[0];
        return MemorySegment.ofArray(read).asReadOnly();
    }

    private List<Place> walk() {
        Registers fault = Registers.interrupted(
                (Register register) -> registers().getOrDefault(register.name().toLowerCase(Locale.ROOT), 0L));
        ProcessImages images = new ProcessImages(around.stack(), stack());
        Range range = new Range(around.stack().address(), around.stack().address() + stackBytes());
        List<Frame> frames = Backtrace.of(fault, range, images);
        Map<List<Long>, Place> known = new HashMap<>(); // a recursion's are all the same
        return frames.stream().map(frame -> known.computeIfAbsent(List.of(frame.programCounter(), frame.instruction()),
                same -> images.locate(frame.programCounter(), frame.instruction()))).toList();
    }
}
