package dev.linen.thread;

/** The most likely cause of a fault. */
public enum FaultCause {

    /** The thread dereferenced NULL, or accessed a member or element of an object at NULL. */
    NULL_POINTER("null-pointer"),

    /** The stack overflowed: the thread accessed the guard below it. */
    STACK_OVERFLOW("stack-overflow"),

    /** The thread accessed libc's thread-local storage, which it doesn't have: malloc's cache, errno, the locale. */
    LIBC_TLS("libc-tls"),

    /** It called a function that is in no loaded library. The dynamic linker couldn't find the symbol. */
    UNDEFINED_SYMBOL("undefined-symbol"),

    /** Nothing is mapped at the address, or it can't be one. The memory may have been freed. */
    UNMAPPED("unmapped"),

    /** The mapping doesn't allow the access: a write to constants, a jump to data, a guard page. */
    PROTECTED("protected"),

    /** The address isn't aligned as the instruction requires. */
    MISALIGNED("misaligned"),

    /**
     * An integer division by zero, or a floating-point exception that isn't masked. On aarch64 neither raises a signal,
     * unless a CPU can trap floating-point exceptions: the result of n / 0 is 0.
     */
    DIVIDE("divide"),

    /**
     * The CPU doesn't have the instruction, it is privileged, or, on x86-64, the compiler put a trap there. On aarch64
     * also a jump to code that isn't a landing pad (BTI), and a wrong signature (pointer authentication).
     */
    ILLEGAL_INSTRUCTION("illegal-instruction"),

    /** A breakpoint; on x86-64 also the overflow exception, on aarch64 a trap that the compiler put there. */
    TRAP("trap"),

    /** There is no memory behind the address: a mapped file ends before it, or its file system is full. */
    BUS("bus"),

    /** The thread was ended by {@link NativeThread#kill()}. */
    KILLED("killed");

    private final String text;

    FaultCause(String text) {
        this.text = text;
    }

    /**
     * Returns the name of the cause.
     *
     * @return "null-pointer", "stack-overflow", ...
     */
    @Override
    public String toString() {
        return text;
    }
}
