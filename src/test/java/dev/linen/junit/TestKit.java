package dev.linen.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Map;
import java.util.TreeMap;

import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/** Runs the tests of one class. */
final class TestKit {

    private TestKit() {}

    /** Returns the results by method: "passed", "skipped: REASON" or "failed: MESSAGE". */
    static Map<String, String> run(Class<?> tests) {
        Events events = EngineTestKit.engine("junit-jupiter").selectors(selectClass(tests)).execute().allEvents();
        Map<String, String> results = new TreeMap<>();
        events.skipped().stream().forEach(event -> results.put(name(event),
                "skipped: " + event.getPayload(String.class).orElse("")));
        events.finished().stream().filter(event -> event.getTestDescriptor().isTest()).forEach(
                event -> results.put(name(event), result(event.getRequiredPayload(TestExecutionResult.class))));
        return results;
    }

    private static String result(TestExecutionResult result) {
        return result.getThrowable().map(thrown -> "failed: " + thrown.getMessage()).orElse("passed");
    }

    private static String name(Event event) {
        TestDescriptor test = event.getTestDescriptor();
        return test.getDisplayName().replace("()", "");
    }
}
