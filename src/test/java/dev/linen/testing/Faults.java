package dev.linen.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.linen.function.NativeFunction;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadBuilder;
import dev.linen.thread.ThreadFault;

/** Native threads that are ended by a fault. */
public final class Faults {

    /** The size of {@link #closedMapping}. */
    public static final long CLOSED_BYTES = 256 << 20;

    private Faults() {}

    /** A function of faults.c. */
    public static NativeFunction faulty(String name) {
        return NativeFunction.ofSymbol(TestFunctions.library("faults"), name);
    }

    /** Runs a function that faults, and returns the fault. */
    public static ThreadFault fault(NativeThreadBuilder builder, NativeFunction function, long argument) {
        try (NativeThread thread = builder.start(function, argument)) {
            return assertThrows(NativeFaultException.class, thread::join).fault();
        }
    }

    /** Runs a function of faults.c. */
    public static ThreadFault fault(String function, long argument) {
        return fault(NativeThread.builder(), faulty(function), argument);
    }

    /**
     * Returns the address of a mapping that was closed. It is so large that nothing will be mapped at its beginning: the
     * kernel places what other threads map meanwhile at the upper end of the hole.
     */
    public static long closedMapping() {
        Mapping mapping = Mapping.anonymous(CLOSED_BYTES, Protection.NONE, MapFlags.PRIVATE);
        mapping.close();
        return mapping.address();
    }
}
