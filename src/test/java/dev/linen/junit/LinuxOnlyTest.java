package dev.linen.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinuxOnlyTest {

    static final class Tests {

        @Test
        @LinuxOnly
        void any() {}

        @Test
        @LinuxOnly(minKernel = "3.2")
        void old() {}

        @Test
        @LinuxOnly(minKernel = "9999.1")
        void future() {}

        @Test
        @LinuxOnly(minKernel = "six")
        void wrong() {}
    }

    @LinuxOnly(minKernel = "9999.0")
    static final class FutureTests {

        @Test
        void any() {}
    }

    @Test
    void tests_here_areSkippedForNewerKernelsOnly() {
        Map<String, String> results = TestKit.run(Tests.class);
        String running = KernelVersion.running().toString();
        assertEquals("passed", results.get("any"));
        assertEquals("passed", results.get("old"));
        assertEquals("skipped: needs Linux 9999.1; this is " + running, results.get("future"));
        assertTrue(results.get("wrong").contains("a kernel version must look like 6.13 or 5.15.3, not 'six'"),
                results::toString);
        assertEquals(4, results.size());
    }

    @Test
    void class_forANewerKernel_isSkippedAsAWhole() {
        Map<String, String> results = TestKit.run(FutureTests.class);
        assertEquals(1, results.size(), results::toString);
        assertTrue(results.values().iterator().next().startsWith("skipped: needs Linux 9999.0; this is "),
                results::toString);
    }

    @Test
    void tests_onAnotherSystem_areSkipped() {
        ChildJvm.Result child = ChildJvm.of(() -> System.out.print(TestKit.run(Tests.class).get("any")))
                .onClassPath().flags("-Dos.name=Windows").run();
        assertEquals("skipped: linen needs Linux, because it makes Linux system calls; this is Windows", child.out(),
                child::toString);
    }

    @ParameterizedTest
    @CsvSource({"6.13, 6.13, 0", "6.13.0, 6.13, 0", "6.9.12, 6.13, -1", "10.0, 9.9.9, 1", "6.1.0-13-amd64, 6.1.1, -1",
            "5.15.167.4-microsoft-standard, 5.15.167, 0", "6.18.44-fc-v669, 6.18.43, 1", "7.0-rc1, 7.0, 0"})
    void compare_ofVersions_isByNumbers(String one, String other, int expected) {
        assertEquals(expected, KernelVersion.parse(one).compareTo(KernelVersion.parse(other)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "6", "6.", "v6.1", "-1.2", "99999.1"})
    void parse_noVersion_isRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> KernelVersion.parse(text));
    }
}
