package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

import one.profiler.AsyncProfiler;
import one.profiler.Counter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.function.NativeFunction;
import dev.linen.junit.ChildJvm;
import dev.linen.thread.NativeThread.Kind;

/** Threads of {@code Kind.POSIX} that run Java, as the tools for Java threads show them. */
class JavaToolsTest {

    @TempDir
    private Path folder;

    private static NativeThread start(String name, Arena arena, Runnable task) {
        NativeFunction function = NativeFunction.ofJava(n -> {
            task.run();
            return n;
        }, arena);
        return NativeThread.builder().kind(Kind.POSIX).name(name).start(function, 1);
    }

    private static String output(String tool, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(arguments).redirectErrorStream(true);
        builder.command().add(0, Path.of(System.getProperty("java.home"), "bin", tool).toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Runs jstack on itself. */
    static final class Dumped {
        private static final CountDownLatch RUNS = new CountDownLatch(1);
        private static final CountDownLatch DUMPED = new CountDownLatch(1);

        private static void waitInJava() {
            RUNS.countDown();
            await(DUMPED);
        }

        public static void main(String... arguments) throws Exception {
            try (Arena arena = Arena.ofShared(); NativeThread thread = start("laundry", arena, Dumped::waitInJava)) {
                RUNS.await();
                System.out.print(output("jstack", "" + ProcessHandle.current().pid()));
                DUMPED.countDown();
                thread.join();
            }
        }
    }

    @Test
    void jstack_ofThreadThatRunsJava_hasItsNameAndFrames() {
        ChildJvm.Result result = ChildJvm.of(Dumped.class).run();
        assertEquals(0, result.exitStatus(), result::toString);
        assertTrue(result.out().matches("(?s).*\\n\"laundry\" #\\d+ [^\\n]* daemon [^\\n]*\\n(\\s[^\\n]*\\n)*[^\\n]*"
                + "JavaToolsTest\\$Dumped\\.waitInJava.*"), result::out);
    }

    static final class Recorded {
        private static void sleepInJava() {
            try {
                Thread.sleep(1);
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
        }

        public static void main(String... arguments) throws Exception {
            try (Arena arena = Arena.ofShared(); NativeThread thread = start("laundry", arena, Recorded::sleepInJava)) {
                thread.join();
            }
        }
    }

    /** JFR keeps the name that a thread has when the JVM attaches it, also after Thread.setName. */
    @Test
    void recording_ofThreadThatRunsJava_hasItsNameAndFrames() throws Exception {
        Path recording = folder.resolve("laundry.jfr");
        ChildJvm.Result result = ChildJvm.of(Recorded.class)
                .flags("-XX:StartFlightRecording:jdk.ThreadSleep#threshold=0ms,filename=" + recording, "-Xlog:jfr*=off")
                .run();
        assertEquals(0, result.exitStatus(), result::toString);
        String events = output("jfr", "print", "--events", "jdk.ThreadSleep", recording.toString());
        assertTrue(
                events.matches("(?s).*eventThread = \"laundry\" [^}]*JavaToolsTest\\$Recorded\\.sleepInJava\\(\\).*"),
                events);
    }

    /** Computes until the profiler has seen it. */
    static final class Profiled {
        private static volatile boolean seen;

        private static void computeInJava() {
            while (!seen) {
                Thread.onSpinWait();
            }
        }

        public static void main(String... arguments) throws Exception {
            AsyncProfiler profiler = AsyncProfiler.getInstance();
            profiler.execute("start,threads,interval=1ms,event=" + arguments[0]);
            try (Arena arena = Arena.ofShared();
                    NativeThread thread = start("laundry", arena, Profiled::computeInJava)) {
                while (!seen) {
                    seen = profiler.dumpCollapsed(Counter.SAMPLES).lines()
                            .anyMatch(line -> line.matches("\\[laundry tid=" + thread.tid()
                                    + "].*JavaToolsTest\\$Profiled\\.computeInJava.*"));
                }
                thread.join();
            }
            profiler.stop();
            System.out.print("seen");
        }
    }

    /** The timer of the process, and one for each thread. perf_event_open, the default, isn't allowed everywhere. */
    @ParameterizedTest
    @ValueSource(strings = {"itimer", "ctimer"})
    void asyncProfiler_ofThreadThatRunsJava_seesItsNameAndFrames(String event) {
        ChildJvm.Result result = ChildJvm.of(Profiled.class).flags("--enable-native-access=ALL-UNNAMED").run(event);
        assertEquals("seen", result.out(), result::toString);
    }
}
