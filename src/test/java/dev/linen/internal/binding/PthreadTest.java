package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is known of a libc by its version. */
class PthreadTest {

    @ParameterizedTest
    @CsvSource({"2.17, true", "2.31, true", "2.31-13+deb11u11, true", "2.32, false", "2.36, false", "2.100, false",
            "3.1, false", "'', false"})
    void discardsStacks_glibc_doesBefore232(String version, boolean discards) {
        assertEquals(discards, Pthread.discardsStacks(version));
    }
}
