package dev.linen.internal.fault;

/** What a thread was most likely ended by. {@code FaultCause} says what each of them means. */
public enum Cause {
    NULL_POINTER, STACK_OVERFLOW, LIBC_TLS, UNDEFINED_SYMBOL, UNMAPPED, PROTECTED, MISALIGNED, DIVIDE, ILLEGAL_INSTRUCTION, TRAP, BUS, KILLED
}
