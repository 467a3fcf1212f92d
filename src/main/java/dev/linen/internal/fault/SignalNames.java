package dev.linen.internal.fault;

import java.util.List;
import java.util.Map;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;

/**
 * What signals and their codes are called, and what they mean.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/sigaction.2.html">si_code in sigaction(2)</a>
 */
public final class SignalNames {

    /**
     * A si_code.
     *
     * @param name as C has it
     * @param meaning in a few words
     */
    public record Code(int number, String name, String meaning) {}

    private static final Map<Integer, String> SIGNALS = Map.of(Kernel.SIGSEGV, "SIGSEGV", Kernel.SIGBUS, "SIGBUS",
            Kernel.SIGFPE, "SIGFPE", Kernel.SIGILL, "SIGILL", Kernel.SIGTRAP, "SIGTRAP");

    private static final Map<Integer, List<Code>> CODES = Map.of(
            Kernel.SIGSEGV,
            List.of(new Code(Kernel.SEGV_MAPERR, "SEGV_MAPERR", "address not mapped"),
                    new Code(Kernel.SEGV_ACCERR, "SEGV_ACCERR", "no permission for that address"),
                    new Code(Kernel.SEGV_BNDERR, "SEGV_BNDERR", "out of bounds"),
                    new Code(Kernel.SEGV_PKUERR, "SEGV_PKUERR", "refused by a protection key"),
                    new Code(Kernel.SEGV_CPERR, "SEGV_CPERR", "return to another address than the call's"),
                    new Code(Kernel.SEGV_MTESERR, "SEGV_MTESERR", "wrong memory tag"),
                    new Code(Kernel.SEGV_MTEAERR, "SEGV_MTEAERR", "wrong memory tag, some time before")),
            Kernel.SIGBUS,
            List.of(new Code(Kernel.BUS_ADRALN, "BUS_ADRALN", "misaligned address"),
                    new Code(Kernel.BUS_ADRERR, "BUS_ADRERR", "no memory behind that address"),
                    new Code(Kernel.BUS_OBJERR, "BUS_OBJERR", "hardware error"),
                    new Code(Kernel.BUS_MCEERR_AR, "BUS_MCEERR_AR", "memory error")),
            Kernel.SIGFPE,
            List.of(new Code(Kernel.FPE_INTDIV, "FPE_INTDIV", "integer division by zero, or its result is too large"),
                    new Code(Kernel.FPE_INTOVF, "FPE_INTOVF", "integer overflow"),
                    new Code(Kernel.FPE_FLTDIV, "FPE_FLTDIV", "division by zero"),
                    new Code(Kernel.FPE_FLTOVF, "FPE_FLTOVF", "overflow"),
                    new Code(Kernel.FPE_FLTUND, "FPE_FLTUND", "underflow"),
                    new Code(Kernel.FPE_FLTRES, "FPE_FLTRES", "inexact result"),
                    new Code(Kernel.FPE_FLTINV, "FPE_FLTINV", "invalid operation")),
            Kernel.SIGILL,
            List.of(new Code(Kernel.ILL_ILLOPC, "ILL_ILLOPC", "illegal opcode"),
                    new Code(Kernel.ILL_ILLOPN, "ILL_ILLOPN", "illegal operand"),
                    new Code(Kernel.ILL_PRVOPC, "ILL_PRVOPC", "privileged opcode"),
                    new Code(Kernel.ILL_BADSTK, "ILL_BADSTK", "internal stack error")),
            Kernel.SIGTRAP,
            List.of(new Code(Kernel.TRAP_BRKPT, "TRAP_BRKPT", "breakpoint"),
                    new Code(Kernel.TRAP_TRACE, "TRAP_TRACE", "trace trap"),
                    new Code(Kernel.TRAP_HWBKPT, "TRAP_HWBKPT", "hardware breakpoint or watchpoint")));

    private static final List<Code> ANY = List.of(
            new Code(Kernel.SI_KERNEL, "SI_KERNEL", "general protection fault"),
            new Code(LinenH.LINEN_KILL, "LINEN_KILL", "killed by NativeThread.kill()"),
            new Code(Kernel.SI_USER, "SI_USER", "sent by kill"),
            new Code(Kernel.SI_TKILL, "SI_TKILL", "sent by tgkill"),
            new Code(Kernel.SI_QUEUE, "SI_QUEUE", "sent by sigqueue"));

    private SignalNames() {}

    public static String signal(int number) {
        return SIGNALS.getOrDefault(number, "signal " + number);
    }

    public static Code code(int signal, int number) {
        if (signal == Kernel.SIGTRAP && number == Kernel.SI_KERNEL) {
            return new Code(number, "SI_KERNEL", "breakpoint"); // int3, which has no code of its own on x86
        }
        return find(CODES.getOrDefault(signal, List.of()), number, find(ANY, number,
                new Code(number, "" + number, "si_code " + number)));
    }

    private static Code find(List<Code> codes, int number, Code otherwise) {
        return codes.stream().filter(code -> code.number() == number).findFirst().orElse(otherwise);
    }
}
