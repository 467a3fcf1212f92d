package dev.linen.junit;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

/** Implements {@link NoLeaks}. JUnit creates and calls it. */
@SuppressWarnings("exports") // a JUnit test has JUnit on its class path
public final class NoLeaksExtension implements BeforeEachCallback, AfterEachCallback {

    private static final Namespace NAMESPACE = Namespace.create(NoLeaksExtension.class);

    /** The number of repetitions, after 10 ms, 20 ms, 40 ms and so on: five seconds in all. */
    private static final int LOOKS = 9;
    private static final long FIRST_PAUSE_MILLIS = 10;

    /** Called by JUnit. */
    public NoLeaksExtension() {}

    @Override
    public void beforeEach(ExtensionContext context) {
        WarmUp.once();
        context.getStore(NAMESPACE).put(ProcessSnapshot.class, ProcessSnapshot.now());
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        ProcessSnapshot before = context.getStore(NAMESPACE).remove(ProcessSnapshot.class, ProcessSnapshot.class);
        if (before == null || context.getExecutionException().isPresent()) {
            return; // a failed test may leak
        }
        long residentBytes = AnnotationSupport.findAnnotation(context.getElement(), NoLeaks.class)
                .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), NoLeaks.class))
                .orElseThrow().residentBytes();
        List<String> leaks = leaksSince(before, residentBytes, List::isEmpty);
        if (!leaks.isEmpty()) {
            throw new AssertionError("the test left these resources behind:\n  " + String.join("\n  ", leaks));
        }
    }

    /**
     * Compares the process with a snapshot, repeatedly: threads end, and unreachable memory is unmapped, with a delay.
     *
     * @param enough ends the repetitions
     * @return the last result
     */
    static List<String> leaksSince(ProcessSnapshot before, long residentBytes, Predicate<List<String>> enough)
            throws InterruptedException {
        List<String> leaks = new Growth(before, ProcessSnapshot.now(), residentBytes).lines();
        for (int look = 0; look < LOOKS && !enough.test(leaks); look++) {
            System.gc();
            TimeUnit.MILLISECONDS.sleep(FIRST_PAUSE_MILLIS << look);
            leaks = new Growth(before, ProcessSnapshot.now(), residentBytes).lines();
        }
        return leaks;
    }
}
