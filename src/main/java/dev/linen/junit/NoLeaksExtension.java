package dev.linen.junit;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.nio.channels.Pipe;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeThread;

/** Implements {@link NoLeaks}. JUnit creates and calls it. */
@SuppressWarnings("exports") // a JUnit test has JUnit on its class path
public final class NoLeaksExtension implements BeforeEachCallback, AfterEachCallback {

    private static final Namespace NAMESPACE = Namespace.create(NoLeaksExtension.class);

    /** The number of repetitions, after 10 ms, 20 ms, 40 ms and so on: five seconds in all. */
    private static final int LOOKS = 9;
    private static final long FIRST_PAUSE_MILLIS = 10;

    /** Called by JUnit. */
    public NoLeaksExtension() {}

    /**
     * Creates resources before the first snapshot that would otherwise look like leaks: linen's own threads, the
     * mappings of the JVM for its first child process, and the socket that the JDK uses to close other sockets.
     */
    private static final class WarmUp {
        static final boolean DONE = run();

        private static boolean run() {
            NativeFunction strlen = NativeFunction.ofSymbol(Linker.nativeLinker().defaultLookup(), "strlen");
            try (Arena arena = Arena.ofConfined();
                    NativeThread thread = NativeThread.start(strlen, arena.allocateFrom(""))) {
                return thread.onExit().join() == 0;
            } finally {
                startNothing();
                closeAPipe();
                ProcessSnapshot.now();
            }
        }

        private static void startNothing() {
            try {
                new ProcessBuilder("/nonexistent").start().destroy();
            } catch (IOException refused) {
                // as expected
            }
        }

        private static void closeAPipe() {
            try {
                Pipe pipe = Pipe.open();
                pipe.source().close();
                pipe.sink().close();
            } catch (IOException refused) {
                // then no test can open a pipe either
            }
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (!WarmUp.DONE) {
            throw new IllegalStateException("the warm-up failed: strlen(\"\") returned another result than 0");
        }
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
        List<String> leaks = new Growth(before, ProcessSnapshot.now(), residentBytes).lines();
        for (int look = 0; look < LOOKS && !leaks.isEmpty(); look++) {
            System.gc();
            TimeUnit.MILLISECONDS.sleep(FIRST_PAUSE_MILLIS << look);
            leaks = new Growth(before, ProcessSnapshot.now(), residentBytes).lines();
        }
        if (!leaks.isEmpty()) {
            throw new AssertionError("the test left these resources behind:\n  " + String.join("\n  ", leaks));
        }
    }
}
