package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import dev.linen.testing.ChildJvm;
import dev.linen.testing.TestFunctions;

class NativeThreadTest {

    @Test
    void join_functionReturned_givesItsResult() {
        try (NativeThread thread = NativeThread.start(TestFunctions.function("identity"), -42)) {
            assertEquals(-42, thread.join());
        }
    }

    static final class Main {
        public static void main(String... arguments) {
            try (NativeThread thread = NativeThread.start(TestFunctions.function("identity"), 7)) {
                System.out.print(thread.join());
            }
        }
    }

    @Test
    void start_inChildJvm_works() {
        ChildJvm.Result result = ChildJvm.of(Main.class).run();
        assertEquals("7", result.out(), result::toString);
    }
}
