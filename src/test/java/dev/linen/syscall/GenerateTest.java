package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The classes that src/main/syscalls/generate wrote are those that it would write now. */
class GenerateTest {

    @TempDir
    private Path folder;

    @Test
    void committedClasses_generatedAgain_areTheSame() throws IOException, InterruptedException {
        ProcessBuilder generate = new ProcessBuilder("src/main/syscalls/generate", folder.toString());
        generate.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = generate.redirectErrorStream(true).start();
        assertEquals("", new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
        for (String file : List.of("Linux.java", "LinuxOrThrow.java")) {
            assertEquals(Files.readString(folder.resolve(file)),
                    Files.readString(Path.of("src/main/java/dev/linen/syscall").resolve(file)));
        }
    }
}
