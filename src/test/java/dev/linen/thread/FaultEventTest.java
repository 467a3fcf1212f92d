package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.ChildJvm;
import dev.linen.testing.Code;
import dev.linen.testing.Faults;

/** Faults in recordings of Flight Recorder, as printed by the JDK's jfr tool. */
class FaultEventTest {

    @TempDir
    private Path folder;

    static final class TwoFaults {
        public static void main(String... arguments) {
            Faults.fault("write_byte", 24);
            NativeThread.start(Faults.faulty("illegal"), 0).close(); // closed without a join
        }
    }

    @Test
    void recording_ofTwoFaults_hasBothOnce() throws Exception {
        Path recording = folder.resolve("faults.jfr");
        ChildJvm.Result child = ChildJvm.of(TwoFaults.class)
                .flags("-XX:StartFlightRecording:filename=" + recording, "-Xlog:jfr*=off").run();
        assertEquals(0, child.exitStatus(), child::toString);

        Process jfr = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jfr").toString(), "print",
                "--events", "dev.linen.NativeFault", recording.toString()).redirectErrorStream(true).start();
        String events = new String(jfr.getInputStream().readAllBytes());
        assertEquals(0, jfr.waitFor(), events);
        assertEquals(2, events.split("dev.linen.NativeFault \\{", -1).length - 1, events);
        for (String part : List.of("signal = \"SIGSEGV\"", "code = \"SEGV_MAPERR\"", "address = 24",
                "function = \"write_byte+0x" + (Code.isX86() ? 0 : 4) + " (faults.so)\"", "cause = \"null-pointer\"",
                "signal = \"SIGILL\"",
                "cause = \"illegal-instruction\"", "backtrace")) {
            assertTrue(events.contains(part), () -> part + " isn't in " + events);
        }
    }
}
