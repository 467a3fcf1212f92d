package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.FaultsExtension;
import dev.linen.syscall.Errno;

/** Faults as a parameter of a method that runs before each test. {@link FaultsTest} runs these in a child JVM. */
@ExtendWith(FaultsExtension.class)
class FaultsBeforeEach {

    @TempDir
    private Path dir;

    private @Nullable Faults before;

    @BeforeEach
    void setUp(Faults faults) {
        before = faults;
        faults.on(CallKind.WRITE).under(dir).fail(Errno.EIO);
    }

    @Test
    void rules_madeBefore_areInForce() {
        assertThrows(IOException.class, () -> Files.writeString(dir.resolve("a"), "x"));
    }

    @Test
    void parameter_ofTheTest_isTheSame(Faults faults) {
        assertSame(before, faults);
        assertEquals(1, Supervisor.get().slots(), "those of other tests have ended");
    }

    @Nested
    class Inner {

        @Test
        void rulesOfTheOuterClass_areInForce() {
            assertThrows(IOException.class, () -> Files.writeString(dir.resolve("a"), "x"));
        }
    }
}
