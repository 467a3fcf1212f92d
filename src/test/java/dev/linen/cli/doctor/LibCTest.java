package dev.linen.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibCTest {

    @TempDir
    private Path folder = Path.of("");

    @Test
    void libc_byItsFiles_isKnown() throws Exception {
        assertTrue(LibC.describe(List.of("", "/usr/lib/x86_64-linux-gnu/libc.so.6")).startsWith("glibc "));
        assertTrue(LibC.describe(List.of("/lib/x86_64-linux-gnu/libc-2.31.so")).startsWith("glibc "));
        assertEquals("unknown", LibC.describe(List.of("/lib/libc++.so.1", "/x/libcrypto.so.3")));
        Path loader = Files.writeString(folder.resolve("ld-musl-x86_64.so.1"),
                "#!/bin/sh\nprintf 'musl libc (x86_64)\\nVersion 1.2.5\\nDynamic Program Loader\\n' >&2\nexit 1\n");
        assertTrue(loader.toFile().setExecutable(true));
        assertEquals("musl 1.2.5", LibC.describe(List.of(loader.toString())));
        assertEquals("musl", LibC.describe(List.of("/nonexistent/ld-musl-aarch64.so.1")));
        assertEquals(Optional.empty(), LibC.muslVersion(Path.of("/bin/true")));
    }
}
