package dev.linen.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadBuilder;
import dev.linen.thread.ThreadFault;

/** Native threads that are ended by a fault. */
public final class Faults {

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
}
