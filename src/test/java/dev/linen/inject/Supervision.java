package dev.linen.inject;

import java.util.stream.IntStream;

import dev.linen.internal.linux.LinenH;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Skip;

/** Whether system calls can be supervised on this system. */
final class Supervision {

    private Supervision() {}

    private static final class InChild {

        /** What a child JVM says: to ask in this one would install the filter. */
        static final ChildJvm.Result ANSWER = ask();
    }

    /** Not in InChild: the child initializes the class that the lambda is in. */
    private static ChildJvm.Result ask() {
        return ChildJvm.of(() -> {
            try {
                Faults.start().close();
            } catch (InjectionUnavailableException unavailable) {
                System.out.print(unavailable.getMessage());
            }
        }).run();
    }

    /** Skips the test if children of this JVM can't be supervised. */
    static void requireInChildren() {
        Skip.unless(InChild.ANSWER.exitStatus() != 0 || InChild.ANSWER.out().isEmpty(), InChild.ANSWER.out());
    }

    /** How many calls are held or delayed now. */
    static long putAside() {
        Supervisor supervisor = Supervisor.get();
        return IntStream.range(0, LinenH.LINEN_PENDINGS)
                .filter(i -> supervisor.pendingState(i) != LinenH.LINEN_PENDING_FREE).count();
    }

    /** Skips the test if this JVM can't be supervised; otherwise it is from now on. */
    static void requireHere() {
        try {
            Faults.start().close();
        } catch (InjectionUnavailableException unavailable) {
            Skip.because(String.valueOf(unavailable.getMessage()));
        }
    }
}
