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

/** What {@link NoLeaks} does: JUnit makes one and calls it. */
@SuppressWarnings("exports") // who writes a JUnit test has JUnit already
public final class NoLeaksExtension implements BeforeEachCallback, AfterEachCallback {

    private static final Namespace NAMESPACE = Namespace.create(NoLeaksExtension.class);

    /** 10 ms, 20 ms and so on: five seconds in all. */
    private static final int LOOKS = 9;
    private static final long FIRST_PAUSE_MILLIS = 10;

    /** For JUnit. */
    public NoLeaksExtension() {}

    /**
     * Linen's own threads, what the JVM maps for its first child process, and the JDK's socket for closing others, there before
     * anybody looks.
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
                // then no test has one either
            }
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (!WarmUp.DONE) {
            throw new IllegalStateException("strlen(\"\") isn't 0");
        }
        context.getStore(NAMESPACE).put(ProcessSnapshot.class, ProcessSnapshot.now());
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        ProcessSnapshot before = context.getStore(NAMESPACE).remove(ProcessSnapshot.class, ProcessSnapshot.class);
        if (before == null || context.getExecutionException().isPresent()) {
            return; // what a failed test leaves is no news
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
            throw new AssertionError("the test left behind:\n  " + String.join("\n  ", leaks));
        }
    }
}
