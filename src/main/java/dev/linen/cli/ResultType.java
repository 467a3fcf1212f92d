package dev.linen.cli;

import static dev.linen.syscall.SyscallException.hex;

/** The C type of a function's result, which nothing but its source says. */
enum ResultType {

    /** The lower half of the register; the upper half is undefined. */
    INT,

    /** Any type of 64 bits: {@code long}, {@code size_t}, a pointer. */
    LONG,

    /** Returned in another register, see {@link CCall}. */
    DOUBLE;

    /** The number, from the 64 bits that a thread returned. */
    Number number(long bits) {
        if (this == DOUBLE) {
            return Double.longBitsToDouble(bits);
        }
        return this == INT ? (long) (int) bits : bits;
    }

    /** The bits of the number. */
    String bits(long bits) {
        return hex(this == INT ? Integer.toUnsignedLong((int) bits) : bits);
    }

    /** The number in all its forms. */
    String text(long bits) {
        return bits(bits) + switch (this) {
            case INT -> "   signed " + (int) bits + "   unsigned " + Integer.toUnsignedString((int) bits);
            case LONG -> "   signed " + bits + "   unsigned " + Long.toUnsignedString(bits);
            case DOUBLE -> "   double " + Double.longBitsToDouble(bits);
        };
    }
}
