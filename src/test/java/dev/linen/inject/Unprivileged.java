package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.FaultsExtension;
import dev.linen.syscall.Errno;

/** {@link SupervisorTest} runs this in a child JVM without capabilities. */
@ExtendWith(FaultsExtension.class)
class Unprivileged {

    @TempDir
    private Path dir;

    @Test
    void write_withoutCapabilities_isRecordedAndFails(Faults faults) throws IOException {
        assertTrue(Files.readAllLines(Path.of("/proc/self/status")).contains("CapEff:\t0000000000000000"));
        Trace trace = faults.trace(dir);
        Files.writeString(dir.resolve("a"), "x");
        faults.on(CallKind.WRITE).under(dir).fail(Errno.EIO);
        assertThrows(IOException.class, () -> Files.writeString(dir.resolve("a"), "y"));
        trace.requireOrder(Step.create(dir, "a"), Step.write(dir, "a"));
        assertEquals(1, trace.operations().stream().filter(operation -> operation.call().injected()).count());
    }
}
