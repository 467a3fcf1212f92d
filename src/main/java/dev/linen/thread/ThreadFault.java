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
 * Describes the fault that ended a native thread before its function returned: the signal, the location, and the cause,
 * as far as it can be determined. It can still be read after the thread is closed. The signal, its code, the address
 * and the registers are always present. The rest is determined when it is first read, and left out if it isn't
 * available.
 *
 * <p>{@link #toString()} is one line, {@link #report()} the full report.
 */
public final class ThreadFault {

    private final FaultReport report;

    private ThreadFault(FaultReport report) {
        this.report = report;
    }

    /** For a thread that a fault has ended, and whose stack isn't in use for another thread yet. */
    static ThreadFault of(ControlBlock block, Lent lent) {
        StackSlot slot = block.slot();
        StackGeometry geometry = slot.geometry();
        MemorySegment buffer = slot.buffer();
        long top = geometry.totalBytes();
        Surroundings around = new Surroundings(lent.function().toString(), lent.freedArgument(), slot.stack(),
                buffer.asSlice(geometry.guardOffset(), geometry.guardBytes()),
                buffer.asSlice(0, geometry.outerGuardBytes()),
                MemorySegment.ofAddress(buffer.address() + top).reinterpret(geometry.outerGuardBytes()),
                slot.libcThreadLocals(), slot::usedBytes);
        return new ThreadFault(new FaultReport(FaultRecord.of(block.tid(), block.fault()), around));
    }

    /** Returns whether the thread was killed. */
    boolean isKill() {
        return report.record().isKill();
    }

    /** Copies what is needed from the stack. Must be called before the stack is used again. */
    void settle() {
        report.settle();
    }

    /**
     * Returns the thread's tid.
     *
     * @return the tid; the kernel may have given the number to another thread since
     */
    public int tid() {
        return report.record().tid();
    }

    /**
     * Returns the name of the signal.
     *
     * @return "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL" or "SIGTRAP"
     */
    public String signal() {
        return SignalNames.signal(report.record().signal());
    }

    /**
     * Returns the name of the signal's code, {@code si_code}.
     *
     * @return "SEGV_MAPERR", "SI_KERNEL", ...; a number if it has no name
     */
    public String code() {
        return signalCode().name();
    }

    /**
     * Returns the address that the kernel reports, {@code si_addr}: the address that the instruction read, wrote or
     * jumped to; for SIGFPE, SIGILL and SIGTRAP the address of the instruction. It is 0 if the kernel doesn't know it
     * (SI_KERNEL).
     *
     * @return the address
     */
    public long address() {
        return report.record().address();
    }

    /**
     * Returns the most likely cause.
     *
     * @return the cause
     */
    public FaultCause cause() {
        return FaultCause.valueOf(report.cause().name());
    }

    /**
     * Returns an explanation of the cause, with a remedy if there is one.
     *
     * @return "stack overflow: 0x7f2c4a168ff8 lies in the guard below the stack of 65536 bytes"
     */
    public String explanation() {
        return report.explanation();
    }

    /**
     * Returns the location of the instruction that faulted.
     *
     * @return the first location of the backtrace
     */
    public CodeLocation location() {
        return backtrace().getFirst();
    }

    /**
     * Returns all general registers at the time of the fault, by name, in the usual order.
     *
     * @return on x86-64 "rax" to "r15", "rip", "rflags"; and "trapno", "err" and "cr2", which describe the CPU's
     *         exception. On aarch64 "x0" to "x30", "sp", "pc", "pstate"; and "esr" and "far". What describes no
     *         exception, as for a thread that was killed, is 0
     */
    public Map<String, Long> registers() {
        return report.registers();
    }

    /**
     * Returns the chain of callers at the time of the fault. It is unwound by the compiler's unwind tables if there are
     * any, otherwise by frame pointers.
     *
     * @return the function that faulted first, the thread's outermost function last; at most 128
     */
    public List<CodeLocation> backtrace() {
        return report.backtrace().stream()
                .map(place -> new CodeLocation(place.address(), place.function(), place.file())).toList();
    }

    /**
     * Returns the machine code at the instruction pointer.
     *
     * @return 16 bytes; fewer at the end of the mapping; none if it can't be read
     */
    public byte[] instructionBytes() {
        return report.instruction().toArray(JAVA_BYTE);
    }

    /**
     * Returns the size of the stack.
     *
     * @return the size in bytes
     */
    public long stackSize() {
        return report.stackBytes();
    }

    /**
     * Returns how much of the stack has been used, as in {@link StackBuffer#used()}.
     *
     * @return the high-water mark in bytes; -1 if it is unknown
     */
    public long stackUsed() {
        return report.usedBytes();
    }

    private SignalNames.Code signalCode() {
        return SignalNames.code(report.record().signal(), report.record().code());
    }

    /**
     * Returns the fault in one line.
     *
     * @return "native thread 4711: SIGSEGV, address not mapped, at crash+0x4 (libfoo.so): NULL was written"
     */
    @Override
    public String toString() {
        boolean killed = cause() == FaultCause.KILLED;
        String what = killed ? "killed" : signal() + ", " + signalCode().meaning();
        return "native thread " + tid() + ": " + what + ", at " + location() + (killed ? "" : ": " + explanation());
    }

    /**
     * Returns the full report.
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
                    ++column % 3 == 0 ? "\n" : ""));
        }
        page.append(column % 3 == 0 ? "" : "\n").append("\nbacktrace\n");
        List<CodeLocation> backtrace = backtrace();
        for (int i = 0; i < backtrace.size();) {
            CodeLocation frame = backtrace.get(i);
            int times = 1; // in a recursion
            // Not equals: the JDK's cache for records would keep the class, and so an application's class loader.
            while (i + times < backtrace.size() && backtrace.get(i + times).address() == frame.address()) {
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
