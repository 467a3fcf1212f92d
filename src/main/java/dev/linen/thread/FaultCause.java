package dev.linen.thread;

/** What a thread was most likely ended by. */
public enum FaultCause {

    /** It used NULL, or a member or element of what NULL points to. */
    NULL_POINTER("null-pointer"),

    /** Its stack was full: it ran into the guard below. */
    STACK_OVERFLOW("stack-overflow"),

    /** It reached for what libc keeps of each of its own threads: malloc's cache, errno, the locale. */
    LIBC_TLS("libc-tls"),

    /** It called a function that no loaded library has. The dynamic linker looked for it in vain. */
    UNDEFINED_SYMBOL("undefined-symbol"),

    /** Nothing is mapped at the address; it may have been freed. */
    UNMAPPED("unmapped"),

    /** What is mapped there doesn't allow that: a write to constants, a jump to data. */
    PROTECTED("protected"),

    /** The address is no multiple of what the instruction demands. */
    MISALIGNED("misaligned"),

    /** An integer division by zero, or a floating point exception that was switched on. */
    DIVIDE("divide"),

    /** The CPU has no such instruction, or not for programs. */
    ILLEGAL_INSTRUCTION("illegal-instruction"),

    /** A breakpoint. */
    TRAP("trap"),

    /** There is no memory behind the address: a mapped file that ends before it. */
    BUS("bus"),

    /** {@link NativeThread#kill()}. */
    KILLED("killed");

    private final String text;

    FaultCause(String text) {
        this.text = text;
    }

    /**
     * Its name.
     *
     * @return "null-pointer", "stack-overflow", ...
     */
    @Override
    public String toString() {
        return text;
    }
}
