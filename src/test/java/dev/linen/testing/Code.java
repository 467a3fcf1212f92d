package dev.linen.testing;

import java.nio.file.Path;
import java.util.Locale;

import dev.linen.internal.linux.Machine;

/** Machine code for the tests, of the CPU that they run on. */
public final class Code {

    private static final boolean ARM = Machine.THIS == Machine.AARCH64;

    private Code() {}

    public static boolean isX86() {
        return Machine.THIS == Machine.X86_64;
    }

    /** The name of the register with the address of the instruction. */
    public static String programCounter() {
        return ARM ? "pc" : "rip";
    }

    /** The name of the register with a function's argument. */
    public static String argument() {
        return ARM ? "x0" : "rdi";
    }

    /** A flag for the C compiler, for sources that include cpu.h. */
    public static String includeCpu() {
        return "-I" + Path.of("src", "main", "c", Machine.THIS.name().toLowerCase(Locale.ROOT)).toAbsolutePath();
    }

    /**
     * As the kernel reports an address that can't be one: on x86-64 not at all; on aarch64 without its upper byte,
     * unless bit 55 says that it is the kernel's.
     */
    public static long reported(long wild) {
        return ARM ? wild & wild << 8 >> 8 : 0;
    }

    /** The signal and code for such an address. */
    public static String wildFault() {
        return ARM ? "SIGSEGV SEGV_MAPERR" : "SIGSEGV SI_KERNEL";
    }

    /** The signal and code of an instruction that doesn't exist, as the tests' functions have it. */
    public static String illegalFault() {
        return ARM ? "SIGILL ILL_ILLOPC" : "SIGILL ILL_ILLOPN";
    }

    /** The signal and code of a breakpoint. */
    public static String breakpointFault() {
        return ARM ? "SIGTRAP TRAP_BRKPT" : "SIGTRAP SI_KERNEL";
    }

    /** The signal and code of an address that isn't as aligned as the instruction demands. */
    public static String misalignedFault() {
        return ARM ? "SIGBUS BUS_ADRALN" : "SIGSEGV SI_KERNEL";
    }

    /** Returns its argument. */
    public static int[] identity() {
        return ARM
                ? new int[]{0xc0, 0x03, 0x5f, 0xd6} // ret
                : new int[]{0x48, 0x89, 0xf8, 0xc3}; // mov %rdi,%rax; ret
    }

    /** Returns a number of 32 bits. */
    public static int[] returning(int number) {
        int low = number & 0xffff;
        int high = number >>> 16;
        return ARM
                ? words(0x52800000 | low << 5, 0x72a00000 | high << 5, 0xd65f03c0) // mov w0,low; movk w0,high; ret
                : new int[]{0xb8, low & 0xff, low >> 8, high & 0xff, high >> 8, 0xc3}; // mov $number,%eax; ret
    }

    /** Does nothing. All of the instruction's bytes. */
    public static int[] nop() {
        return ARM ? words(0xd503201f) : new int[]{0x90};
    }

    /** An instruction that doesn't exist, as long as {@link #trapBytes}; then code that returns its argument + 1. */
    public static int[] trapThenIncrement() {
        return ARM
                ? words(0, 0x91000400, 0xd65f03c0) // udf #0; add x0,x0,#1; ret
                : new int[]{0x0f, 0x0b, 0x48, 0x8d, 0x47, 0x01, 0xc3}; // ud2; lea 1(%rdi),%rax; ret
    }

    public static int trapBytes() {
        return ARM ? 4 : 2;
    }

    /** An instruction that does nothing, of {@link #nop}; then a write to its argument. */
    public static int[] nopThenWrite() {
        return ARM
                ? words(0xd503201f, 0x39000000, 0xd65f03c0) // nop; strb w0,[x0]; ret
                : new int[]{0x90, 0x88, 0x07, 0xc3}; // nop; mov %al,(%rdi); ret
    }

    private static int[] words(int... instructions) {
        int[] bytes = new int[instructions.length * Integer.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = instructions[i / Integer.BYTES] >>> 8 * (i % Integer.BYTES) & 0xff;
        }
        return bytes;
    }
}
