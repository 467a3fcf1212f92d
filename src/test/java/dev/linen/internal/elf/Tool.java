package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import dev.linen.internal.linux.Machine;
import dev.linen.testing.Skip;

/** Runs the C compiler and binutils, whose output is the reference for the tests. */
final class Tool {

    private Tool() {}

    /** Returns the output of a program. */
    static List<String> lines(String... command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().put("LC_ALL", "C");
            Process process = builder.start();
            process.getOutputStream().close();
            List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
            assertEquals(0, process.waitFor(), () -> String.join(" ", command));
            return lines;
        } catch (IOException missing) {
            return Skip.because("no " + command[0] + ": " + missing.getMessage());
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** Compiles src/test/c/NAME.c to a library. */
    static Path compile(Path library, String name, String... flags) {
        Path source = Path.of("src", "test", "c", name + ".c");
        lines(Stream.concat(
                Stream.of("cc", "-std=c11", "-ffreestanding", "-fPIC", "-nostdlib", "-shared", "-Wl,-z,now",
                        "-fno-stack-protector", "-Isrc/test/c/" + Machine.THIS.name().toLowerCase(Locale.ROOT), "-o",
                        library.toString(), source.toString()),
                Stream.of(flags)).toArray(String[]::new));
        return library;
    }

    /** A symbol as listed by readelf -s: Num: Value Size Type Bind Vis Ndx Name. */
    record Listed(long address, long size, String type, String binding, String section, String name) {

        boolean isFunction() {
            return (type.equals("FUNC") || type.equals("IFUNC")) && !section.equals("UND");
        }
    }

    /** Returns the symbols of a file; {@code which} is "--dyn-syms" or "--syms". */
    static List<Listed> symbols(String which, Path file) {
        return lines("readelf", "-W", which, file.toString()).stream().map(line -> line.trim().split("\\s+"))
                .filter(columns -> columns.length >= 8 && columns[0].matches("\\d+:"))
                .map(columns -> new Listed(Long.parseUnsignedLong(columns[1], 16), Long.decode(columns[2]), columns[3],
                        columns[4], columns[6], columns[7].replaceAll("@.*", "")))
                .toList();
    }
}
