package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.function.MachineCode;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;
import dev.linen.testing.Code;

/**
 * The work of a JVM for its first native thread. It is counted in classes, because time depends on the load of the
 * machine. Each of these cases costs milliseconds.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ColdStartTest {

    private List<String> classes = List.of();

    static final class FirstThread {
        public static void main(String... arguments) throws InterruptedException {
            NativeThread thread = NativeThread.start(MachineCode.of(Code.identity()).function(), 27);
            System.out.print(thread.join());
        }
    }

    @BeforeAll
    void run(@TempDir Path directory) throws IOException {
        Path log = directory.resolve("classes");
        Result result = ChildJvm.of(FirstThread.class).flags("-Xlog:class+load:file=" + log).run();
        assertEquals("27", result.out(), result::toString);
        classes = Files.readAllLines(log);
        assertTrue(loaded("dev\\.linen\\.thread\\.ThreadExit ").size() == 1, classes::toString);
    }

    private List<String> loaded(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return classes.stream().filter(line -> pattern.matcher(line).find()).toList();
    }

    @Test
    void firstThread_startedAndJoined_linksOneShape() {
        List<String> stubs = loaded("\\.DowncallStub/");
        assertEquals(1, stubs.size(), stubs::toString);
    }

    @Test
    void firstThread_startedAndJoined_needsNoLogger() {
        assertEquals(List.of(), loaded(" jdk\\.internal\\.logger\\."));
    }

    @Test
    void firstThread_startedAndJoined_asksForNoMapping() {
        assertEquals(List.of(), loaded("procmap_query| java\\.util\\.Formatter"));
    }

    @Test
    void firstThread_startedAndJoined_spinsNoTextAndNoSwitch() {
        assertEquals(List.of(), loaded("\\$\\$StringConcat/|dev\\.linen\\S*\\$\\$TypeSwitch/"));
    }

    @Test
    void firstThread_startedAndJoined_needsNoAccessorOfArrays() {
        assertEquals(List.of(), loaded(" java\\.lang\\.invoke\\.IndirectVarHandle "));
    }

    @Test
    void firstThread_startedAndJoined_loadsNoThousandConstants() {
        assertEquals(List.of(), loaded("dev\\.linen\\.internal\\.linux\\.(Kernel|LinenH) "));
    }

    @Test
    void firstThread_startedAndJoined_takesItsStackWithoutStreamOrLambda() {
        assertEquals(List.of(), loaded(
                " java\\.util\\.stream\\.LongPipeline |dev\\.linen\\.thread\\.(StackPool|MachineCode)\\$\\$Lambda/"));
    }
}
