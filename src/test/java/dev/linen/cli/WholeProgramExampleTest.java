package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.testing.Skip;

/** Records the program of docs/power-cuts.md, "Whole programs", with the check that is printed there. */
class WholeProgramExampleTest {

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final Pattern PROGRAM = Pattern.compile("~~~java\n(.*?)~~~", Pattern.DOTALL);
    private static final Pattern CHECK = Pattern.compile("    \\$ cat check\n(.*?)    \\$ ", Pattern.DOTALL);
    private static final Pattern REPORT = Pattern.compile("stderr:\n\n(.*?)\n\n", Pattern.DOTALL);

    @TempDir
    private Path folder = Path.of("");

    @Test
    void program_asPrinted_givesTheReportOfTheDocument() throws Exception {
        Files.writeString(folder.resolve("Counter.java"), find(PROGRAM));
        Path check = Files.writeString(folder.resolve("check"), find(CHECK).replaceAll("(?m)^    ", ""));
        Files.createDirectory(folder.resolve("data"));

        Command.Result result = Command.of(JAVA, "--module-path", System.getProperty("jdk.module.path"),
                "--add-modules", "info.picocli,com.google.gson", "--enable-native-access=dev.linen", "--module",
                "dev.linen/dev.linen.cli.LinenCommand", "powercut", "--record", "data", "--check", "sh " + check, "--",
                JAVA, "Counter.java", "data").in(folder).run();

        Skip.unless(!result.err().contains("this JVM can't be recorded, so it ends: seccomp: "), result.err());
        assertEquals(1, result.exitStatus(), result::toString);
        assertEquals("1\n2\n3\n4\n5\n", result.out());
        assertEquals(withoutPlaces(find(REPORT).replaceAll("(?m)^    ", "")), withoutPlaces(result.err()));
    }

    /** Lines are folded elsewhere if the folder's name is longer. aarch64 has no rename: libc calls renameat. */
    private static String withoutPlaces(String report) {
        List<String> lines = report.lines().filter(line -> !line.matches("(Picked up|power cut, ).*")).toList();
        return String.join(" ", lines).replaceAll("\\S+/(data|power-cut-record-1)", "$1").replaceAll("\\s+", " ")
                .replace("renameat(", "rename(").strip();
    }

    private static String find(Pattern pattern) throws IOException {
        String document = Files.readString(Path.of("docs", "power-cuts.md"));
        Matcher matcher = pattern.matcher(document.substring(document.indexOf("## Whole programs")));
        assertTrue(matcher.find(), pattern::toString);
        return matcher.group(1);
    }
}
