package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The classes that src/main/syscalls/generate wrote are those that it would write now. */
class GenerateTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"Linux.java", "LinuxOrThrow.java"})
    void committedClass_generatedAgain_isTheSame(String file) throws IOException, InterruptedException {
        ProcessBuilder generate = new ProcessBuilder("src/main/syscalls/generate", folder.toString());
        generate.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = generate.redirectErrorStream(true).start();
        assertEquals("", new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
        assertEquals(Files.readString(folder.resolve(file)),
                Files.readString(Path.of("src/main/java/dev/linen/syscall").resolve(file)));
    }
}
