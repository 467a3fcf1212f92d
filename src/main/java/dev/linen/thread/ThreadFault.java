package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What ended a native thread before its function returned: the signal, where the thread was, and why, as far as that can be told.
 * A snapshot: it stays as it is when the thread is closed.
 *
 * <p>{@link #toString()} fits a line of a log, {@link #report()} is the whole page.
 */
public final class ThreadFault {

    private final Facts facts;
    private final FaultCause cause;
    private final String explanation;
    private final List<CodeLocation> backtrace;

    /** What is written down when the thread ends, and what was around it. */
    record Facts(int tid, String function, int signal, int code, long address, Map<String, Long> registers,
            MemorySegment instruction, long stackBytes, long usedBytes) {

        Facts {
            registers = Collections.unmodifiableMap(new LinkedHashMap<>(registers)); // in their order
        }
    }

    ThreadFault(Facts facts, FaultDiagnosis diagnosis, List<CodeLocation> backtrace) {
        this.facts = facts;
        this.cause = diagnosis.cause();
        this.explanation = diagnosis.explanation();
        this.backtrace = List.copyOf(backtrace);
    }

    /**
     * The exception that tells of it: a new one each time, with the caller's stack trace.
     *
     * @return to be thrown
     */
    NativeFaultException exception() {
        return cause == FaultCause.KILLED ? new NativeThreadKilledException(this) : new NativeFaultException(this);
    }

    /**
     * The thread's tid.
     *
     * @return its tid; the kernel may have given the number to another thread since
     */
    public int tid() {
        return facts.tid();
    }

    /**
     * The signal.
     *
     * @return "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL" or "SIGTRAP"
     */
    public String signal() {
        return SignalNames.signal(facts.signal());
    }

    /**
     * The signal's code, si_code, as C has it.
     *
     * @return "SEGV_MAPERR", "SI_KERNEL", ...; a number when it has no name
     */
    public String code() {
        return SignalNames.code(facts.signal(), facts.code()).name();
    }

    /**
     * The address that the kernel names, si_addr: what the instruction wanted to read, write or execute; for SIGFPE, SIGILL and
     * SIGTRAP its own address. 0 when the kernel doesn't know (SI_KERNEL).
     *
     * @return the address
     */
    public long address() {
        return facts.address();
    }

    /**
     * What it was most likely ended by.
     *
     * @return the cause
     */
    public FaultCause cause() {
        return cause;
    }

    /**
     * The cause in a sentence, with what to do about it where that is known.
     *
     * @return "stack overflow: 0x7f2c4a168ff8 lies in the guard below the stack of 65536 bytes"
     */
    public String explanation() {
        return explanation;
    }

    /**
     * Where it happened.
     *
     * @return the instruction's place; the first of the backtrace
     */
    public CodeLocation location() {
        return backtrace.getFirst();
    }

    /**
     * All general registers at that moment, by their names, in the order in which they are usually shown.
     *
     * @return "rax" to "r15", "rip", "rflags", and "trapno", "err" and "cr2", by which the kernel tells what it was
     */
    public Map<String, Long> registers() {
        return facts.registers();
    }

    /**
     * The chain of calls that led there: by the compiler's unwind tables where there are some, otherwise by frame pointers.
     *
     * @return the function that faulted first, the thread's own first function last; 128 at most
     */
    public List<CodeLocation> backtrace() {
        return backtrace;
    }

    /**
     * The machine code at the instruction pointer.
     *
     * @return 16 bytes; fewer at the end of the memory; none when it can't be read
     */
    public byte[] instructionBytes() {
        return facts.instruction().toArray(JAVA_BYTE);
    }

    /**
     * The stack's size.
     *
     * @return the size in bytes
     */
    public long stackSize() {
        return facts.stackBytes();
    }

    /**
     * How much of the stack was ever used, as {@link StackBuffer#used()} tells it.
     *
     * @return the high-water mark in bytes; -1 when the kernel doesn't tell
     */
    public long stackUsed() {
        return facts.usedBytes();
    }

    /**
     * One line.
     *
     * @return "native thread 4711: SIGSEGV, address not mapped, at crash+0x4 (libfoo.so): NULL was written to"
     */
    @Override
    public String toString() {
        String what = cause == FaultCause.KILLED
                ? "killed"
                : signal() + ", " + SignalNames.code(facts.signal(), facts.code()).meaning();
        return "native thread " + tid() + ": " + what + ", at " + location()
                + (cause == FaultCause.KILLED ? "" : ": " + explanation);
    }

    /**
     * The whole page: all that is known.
     *
     * @return several lines of text
     */
    public String report() {
        StringBuilder page = new StringBuilder();
        page.append("native thread ").append(tid()).append(", which ran ").append(facts.function())
                .append(cause == FaultCause.KILLED ? ", was killed" : ", ended by a fault").append("\n\n");
        SignalNames.Code code = SignalNames.code(facts.signal(), facts.code());
        line(page, "signal", signal() + " (" + facts.signal() + "), " + code.name() + ": " + code.meaning());
        line(page, "cause", cause + ": " + explanation);
        line(page, "address", hex(address()));
        line(page, "at", hex(location().address()) + "  " + location());
        line(page, "bytes", facts.instruction().byteSize() == 0
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
