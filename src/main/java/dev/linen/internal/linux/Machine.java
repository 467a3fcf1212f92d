package dev.linen.internal.linux;

/**
 * The CPUs that linen has native code for. What differs between them is decided once, where a class for each implements
 * it, and not where it is used.
 */
public enum Machine {
    X86_64, AARCH64,
    /** Another one, for which there is no native code, so that nothing can be called. */
    OTHER;

    /** The one that this JVM runs on. */
    public static final Machine THIS = of(System.getProperty("os.arch", ""));

    /** Returns the CPU by Java's name for it. */
    public static Machine of(String architecture) {
        return switch (architecture) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64", "arm64" -> AARCH64;
            default -> OTHER;
        };
    }

    /** Returns the number of this CPU; -1 for another one, which makes a system call ENOSYS. */
    static int number(int x86, int arm) {
        return THIS == X86_64 ? x86 : THIS == AARCH64 ? arm : -1;
    }
}
