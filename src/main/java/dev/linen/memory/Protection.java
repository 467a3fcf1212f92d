package dev.linen.memory;

import dev.linen.internal.linux.Kernel;

/**
 * The accesses that pages allow: the {@code prot} argument of {@code mmap} and {@code mprotect}.
 *
 * <p>The set of bits is open: bits without a name here are passed to the kernel unchanged and printed as a number.
 *
 * @param bits the kernel's {@code PROT_} bits
 * @see <a href="https://man7.org/linux/man-pages/man2/mprotect.2.html">mprotect(2)</a>
 */
public record Protection(int bits) {

    /** {@code PROT_NONE}: no access; any access faults. */
    public static final Protection NONE = new Protection(Kernel.PROT_NONE);

    /** {@code PROT_READ}. */
    public static final Protection READ = new Protection(Kernel.PROT_READ);

    /** {@code PROT_WRITE}; on x86-64 and aarch64 it implies reading. */
    public static final Protection WRITE = new Protection(Kernel.PROT_WRITE);

    /** {@code PROT_EXEC}. */
    public static final Protection EXEC = new Protection(Kernel.PROT_EXEC);

    /** {@code PROT_READ|PROT_WRITE}. */
    public static final Protection READ_WRITE = READ.with(WRITE);

    /** {@code PROT_READ|PROT_EXEC}. */
    public static final Protection READ_EXEC = READ.with(EXEC);

    private static final FlagNames NAMES = new FlagNames()
            .add(Kernel.PROT_READ, "PROT_READ")
            .add(Kernel.PROT_WRITE, "PROT_WRITE")
            .add(Kernel.PROT_EXEC, "PROT_EXEC")
            .add(Kernel.PROT_SEM, "PROT_SEM")
            .add(Kernel.PROT_GROWSDOWN, "PROT_GROWSDOWN")
            .add(Kernel.PROT_GROWSUP, "PROT_GROWSUP");

    /**
     * Returns the union of this protection and another.
     *
     * @param other the bits to add
     * @return the union
     */
    public Protection with(Protection other) {
        return new Protection(bits | other.bits);
    }

    /**
     * Returns whether this protection allows everything that another one allows.
     *
     * @param other the bits to look for
     * @return true if all bits of {@code other} are set
     */
    public boolean has(Protection other) {
        return (bits & other.bits) == other.bits;
    }

    /**
     * Returns the protection as in C.
     *
     * @return "PROT_READ|PROT_WRITE"
     */
    @Override
    public String toString() {
        return bits == 0 ? "PROT_NONE" : NAMES.describe(bits);
    }
}
