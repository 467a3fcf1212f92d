package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.testkit.engine.EngineTestKit;

import dev.linen.junit.FaultsExtension;
import dev.linen.testing.InChild;

class FaultsTest {

    @TestFactory
    Stream<DynamicTest> injectedFaults() {
        return InChild.tests(InjectedFaults.class);
    }

    @TestFactory
    Stream<DynamicTest> faultsBeforeEach() {
        return InChild.tests(FaultsBeforeEach.class);
    }

    @ExtendWith(FaultsExtension.class)
    static class OfAConstructor {

        @SuppressWarnings("unused")
        OfAConstructor(Faults faults) {}

        @Test
        void test() {}
    }

    @ExtendWith(FaultsExtension.class)
    static class BeforeAllTests {

        @BeforeAll
        @SuppressWarnings("unused")
        static void setUp(Faults faults) {}

        @Test
        void test() {}
    }

    @ParameterizedTest
    @ValueSource(classes = {OfAConstructor.class, BeforeAllTests.class})
    void parameter_outsideOfATest_saysWhatIsRight(Class<?> tests) {
        List<String> messages = EngineTestKit.engine("junit-jupiter").selectors(selectClass(tests)).execute()
                .allEvents()
                .failed().stream()
                .map(event -> event.getRequiredPayload(org.junit.platform.engine.TestExecutionResult.class))
                .map(result -> String.valueOf(result.getThrowable().orElseThrow().getMessage())
                        .replaceFirst("parameter of .*, which", "parameter of ..., which"))
                .toList();
        assertEquals(List.of("Faults end with a test, so they can't be a parameter of ..., which is called outside of "
                + "one: make them a parameter of the test, or of a @BeforeEach method; or call Faults.start() here, "
                + "and close them in @AfterAll"), messages);
    }
}
