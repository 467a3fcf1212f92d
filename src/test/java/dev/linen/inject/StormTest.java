package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.junit.ChildJvm;

/** No thread waits for ever while calls are recorded, under each collector, which writes a log into the same folder. */
class StormTest {

    private static final String SECONDS = "linen.storm.seconds";

    @TempDir
    private Path folder;

    @Test
    void storm_short_endsWithoutError() throws Exception {
        survive("-XX:+UseG1GC", 3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseParallelGC", "-XX:+UseZGC", "-XX:+UseSerialGC"})
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void storm_long_endsWithoutError(String collector) throws Exception {
        survive(collector, Integer.getInteger(SECONDS, 600));
    }

    private void survive(String collector, int seconds) throws Exception {
        Supervision.requireInChildren();
        Path real = folder.toRealPath();
        Path log = Files.createDirectories(real.resolve("recorded")).resolve("safepoint.log");
        ChildJvm.Result result = ChildJvm.of(Storm.class).flags(collector, "-Xmx128m",
                "-Xlog:safepoint*,gc*:file=" + log)
                .timeout(Duration.ofSeconds(seconds + 120)).run(real.toString(), Integer.toString(seconds));
        assertTrue(result.exitStatus() == 0 && result.out().startsWith("survived "), result::toString);
        assertTrue(Files.size(log) > 0);
        System.out.println("storm, " + collector + ", " + seconds + " s: " + result.out().strip());
    }
}
