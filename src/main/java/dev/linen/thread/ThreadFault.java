package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import dev.linen.internal.fault.FaultRecord;
import dev.linen.internal.fault.FaultReport;
import dev.linen.internal.fault.SignalNames;
import dev.linen.internal.fault.Surroundings;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackSlot;

/**
 * What ended a native thread before its function returned: the signal, where the thread was, and why, as far as that can be told.
 * It stays readable when the thread is closed. Signal, code, address and registers are always there; the rest is found out when it
 * is first asked for, and left out where that isn't possible.
 *
 * <p>{@link #toString()} fits a line of a log, {@link #report()} is the whole page.
 */
public final class ThreadFault {

    private final FaultReport report;

    private ThreadFault(FaultReport report) {
        this.report = report;
    }

    /** Of a thread that has ended by a fault, and whose stack is still its own. */
    static ThreadFault of(ControlBlock block, Lent lent) {
        StackSlot slot = block.slot();
        StackGeometry geometry = slot.geometry();
        MemorySegment buffer = slot.buffer();
        long top = geometry.totalBytes();
        Surroundings around = new Surroundings(lent.function().toString(), lent.freedArgument(), slot.stack(),
                buffer.asSlice(geometry.guardOffset(), geometry.guardBytes()),
                buffer.asSlice(0, geometry.outerGuardBytes()),
                MemorySegment.ofAddress(buffer.address() + top).reinterpret(geometry.outerGuardBytes()),
                slot.placeOfLibcs(), slot::usedBytes);
        return new ThreadFault(new FaultReport(FaultRecord.of(block.tid(), block.fault()), around));
    }

    /** Whether it was killed. */
    boolean isKill() {
        return report.record().isKill();
    }

    /** To be called before the thread's stack is used again. */
    void settle() {
        report.settle();
    }

    /**
     * The thread's tid.
     *
     * @return its tid; the kernel may have given the number to another thread since
     */
    public int tid() {
        return report.record().tid();
    }

    /**
     * The signal.
     *
     * @return "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL" or "SIGTRAP"
     */
    public String signal() {
        return SignalNames.signal(report.record().signal());
    }

    /**
     * The signal's code, si_code, as C has it.
     *
     * @return "SEGV_MAPERR", "SI_KERNEL", ...; a number when it has no name
     */
    public String code() {
        return signalCode().name();
    }

    /**
     * The address that the kernel names, si_addr: what the instruction wanted to read, write or execute; for SIGFPE, SIGILL and
     * SIGTRAP its own address. 0 when the kernel doesn't know (SI_KERNEL).
     *
     * @return the address
     */
    public long address() {
        return report.record().address();
    }

    /**
     * What it was most likely ended by.
     *
     * @return the cause
     */
    public FaultCause cause() {
        return FaultCause.valueOf(report.cause().name());
    }

    /**
     * The cause in a sentence, with what to do about it where that is known.
     *
     * @return "stack overflow: 0x7f2c4a168ff8 lies in the guard below the stack of 65536 bytes"
     */
    public String explanation() {
        return report.explanation();
    }

    /**
     * Where it happened.
     *
     * @return the instruction's place; the first of the backtrace
     */
    public CodeLocation location() {
        return backtrace().getFirst();
    }

    /**
     * All general registers at that moment, by their names, in the order in which they are usually shown.
     *
     * @return "rax" to "r15", "rip", "rflags", and "trapno", "err" and "cr2", by which the kernel tells what it was
     */
    public Map<String, Long> registers() {
        return report.registers();
    }

    /**
     * The chain of calls that led there: by the compiler's unwind tables where there are some, otherwise by frame pointers.
     *
     * @return the function that faulted first, the thread's own first function last; 128 at most
     */
    public List<CodeLocation> backtrace() {
        return report.backtrace().stream()
                .map(place -> new CodeLocation(place.address(), place.function(), place.file())).toList();
    }

    /**
     * The machine code at the instruction pointer.
     *
     * @return 16 bytes; fewer at the end of the memory; none when it can't be read
     */
    public byte[] instructionBytes() {
        return report.instruction().toArray(JAVA_BYTE);
    }

    /**
     * The stack's size.
     *
     * @return the size in bytes
     */
    public long stackSize() {
        return report.stackBytes();
    }

    /**
     * How much of the stack was ever used, as {@link StackBuffer#used()} tells it.
     *
     * @return the high-water mark in bytes; -1 when the kernel doesn't tell
     */
    public long stackUsed() {
        return report.usedBytes();
    }

    private SignalNames.Code signalCode() {
        return SignalNames.code(report.record().signal(), report.record().code());
    }

    /**
     * One line.
     *
     * @return "native thread 4711: SIGSEGV, address not mapped, at crash+0x4 (libfoo.so): NULL was written to"
     */
    @Override
    public String toString() {
        boolean killed = cause() == FaultCause.KILLED;
        String what = killed ? "killed" : signal() + ", " + signalCode().meaning();
        return "native thread " + tid() + ": " + what + ", at " + location() + (killed ? "" : ": " + explanation());
    }

    /**
     * The whole page: all that is known.
     *
     * @return several lines of text
     */
    public String report() {
        StringBuilder page = new StringBuilder();
        page.append("native thread ").append(tid()).append(", which ran ").append(report.function())
                .append(cause() == FaultCause.KILLED ? ", was killed" : ", ended by a fault").append("\n\n");
        SignalNames.Code code = signalCode();
        line(page, "signal", signal() + " (" + report.record().signal() + "), " + code.name() + ": " + code.meaning());
        line(page, "cause", cause() + ": " + explanation());
        line(page, "address", hex(address()));
        line(page, "at", hex(location().address()) + "  " + location());
        line(page, "bytes", report.instruction().byteSize() == 0
                ? "can't be read"
                : HexFormat.ofDelimiter(" ").formatHex(instructionBytes()));
        line(page, "stack", (stackUsed() < 0 ? "" : stackUsed() + " of ") + stackSize() + " bytes"
                + (stackUsed() < 0 ? "" : " used"));
        page.append("\nregisters\n");
        int column = 0;
        for (Map.Entry<String, Long> register : registers().entrySet()) {
            page.append(String.format("  %-6s %016x%s", register.getKey(), register.getValue(),
                    ++column % 4 == 0 ? "\n" : ""));
        }
        page.append(column % 4 == 0 ? "" : "\n").append("\nbacktrace\n");
        List<CodeLocation> backtrace = backtrace();
        for (int i = 0; i < backtrace.size();) {
            CodeLocation frame = backtrace.get(i);
            int times = 1; // of a recursion
            while (i + times < backtrace.size() && backtrace.get(i + times).equals(frame)) {
                times++;
            }
            page.append(String.format("  #%-3d %016x  %s%s\n", i, frame.address(), frame,
                    times == 1 ? "" : "  (" + times + " times)"));
            i += times;
        }
        return page.toString();
    }

    private static void line(StringBuilder page, String name, String text) {
        page.append(String.format("%-9s %s\n", name, text));
    }
}
