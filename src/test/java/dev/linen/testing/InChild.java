package dev.linen.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;

/**
 * Runs the tests of a class in one child JVM, because what they do to their JVM can't be undone. The class isn't named
 * like a test, so that the build doesn't run it by itself.
 */
public final class InChild {

    private static final String PASSED = "in child: passed ";
    private static final String FAILED = "in child: failed ";
    private static final String SKIPPED = "in child: skipped ";

    private InChild() {}

    /** Returns a test for each test of the class, which has been run. */
    public static Stream<DynamicTest> tests(Class<?> tests) {
        return tests(ChildJvm.of(InChild.class), tests);
    }

    /** The same, in a child that is prepared by the caller: {@code ChildJvm.of(InChild.class)}. */
    public static Stream<DynamicTest> tests(ChildJvm child, Class<?> tests) {
        Result result = child.flags(opens(tests)).run(tests.getName());
        List<DynamicTest> found = result.out().lines().filter(line -> line.startsWith("in child: "))
                .map(InChild::test).toList();
        DynamicTest whole = DynamicTest.dynamicTest(tests.getSimpleName() + " ends normally",
                () -> assertEquals("0, some tests",
                        result.exitStatus() + (found.isEmpty() ? ", no test" : ", some tests"),
                        result::toString));
        return Stream.concat(found.stream(), Stream.of(whole));
    }

    /** JUnit uses reflection: a child needs this flag, which Surefire gives to its own JVM. */
    public static String opens(Class<?> tests) {
        return "--add-opens=dev.linen/" + tests.getPackageName() + "=ALL-UNNAMED";
    }

    private static DynamicTest test(String line) {
        if (line.startsWith(PASSED)) {
            return DynamicTest.dynamicTest(line.substring(PASSED.length()), () -> {});
        }
        if (line.startsWith(SKIPPED)) {
            String[] nameAndReason = line.substring(SKIPPED.length()).split(": ", 2);
            return DynamicTest.dynamicTest(nameAndReason[0], () -> Skip.because(nameAndReason[1]));
        }
        String text = line.substring(FAILED.length());
        return DynamicTest.dynamicTest(text.replaceFirst(": .*", ""), () -> {
            throw new AssertionError(text.replace("\u0001", "\n"));
        });
    }

    /** In the child. */
    public static void main(String... arguments) throws ClassNotFoundException {
        Events events = EngineTestKit.engine("junit-jupiter").selectors(selectClass(Class.forName(arguments[0])))
                .execute().testEvents();
        events.finished().stream().forEach(InChild::print);
        events.skipped().stream().forEach(event -> System.out.println(SKIPPED + name(event) + ": "
                + event.getPayload(String.class).orElse("")));
        System.exit(0); // a thread that a test left behind must not keep this JVM
    }

    private static void print(Event event) {
        String name = name(event);
        TestExecutionResult result = event.getRequiredPayload(TestExecutionResult.class);
        Throwable thrown = result.getThrowable().orElse(null);
        System.out.println(switch (result.getStatus()) {
            case SUCCESSFUL -> PASSED + name;
            case ABORTED -> SKIPPED + name + ": " + String.valueOf(thrown.getMessage()).replace('\n', ' ');
            case FAILED -> FAILED + name + ": " + text(thrown);
        });
    }

    private static String name(Event event) {
        return event.getTestDescriptor().getDisplayName().replaceFirst("\\(.*", "");
    }

    private static String text(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString().replace("\n", "\u0001");
    }
}
