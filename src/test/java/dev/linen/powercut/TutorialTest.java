package dev.linen.powercut;

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

/** Runs the program of docs/power-cuts.md as it is printed there, and again with the change that the document makes. */
class TutorialTest {

    private static final Path DOCUMENT = Path.of("docs", "power-cuts.md");
    private static final Pattern PROGRAM = Pattern.compile("~~~java\n(import .*?)~~~", Pattern.DOTALL);
    private static final Pattern CHANGE = Pattern.compile("~~~diff\n(.*?)~~~", Pattern.DOTALL);
    private static final Pattern OUTPUT = Pattern.compile("(?m)^    (\\d.* states after a power cut.*(?:\n    .+)*)");

    @TempDir
    private Path folder;

    @Test
    void program_asPrinted_printsTheReportOfTheDocument() throws Exception {
        assertEquals(output(0), run(find(PROGRAM)));
    }

    @Test
    void program_afterTheChange_passes() throws Exception {
        List<String> change = find(CHANGE).lines().toList();
        String before = change.stream().filter(line -> !line.startsWith("+")).map(line -> line.substring(1) + "\n")
                .reduce("", String::concat);
        String after = change.stream().map(line -> line.substring(1) + "\n").reduce("", String::concat);
        String program = find(PROGRAM);
        assertTrue(program.contains(before), before);

        assertEquals(output(1), run(program.replace(before, after)));
    }

    private String run(String program) throws Exception {
        Path source = Files.writeString(folder.resolve("Notes.java"), program);
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path", Path.of("target/classes").toAbsolutePath().toString(), "--add-modules", "dev.linen",
                "--enable-native-access=dev.linen", source.toString()).directory(folder.toFile())
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        boolean failed = process.waitFor() != 0;
        Skip.unless(!failed || !output.contains("InjectionUnavailableException"), output);
        return output.replaceAll("(?m)^power cut, .* states, .*\n", "") // its progress, if it takes long
                .replace(" renameat(", " rename(") // libc's rename on aarch64, which has no such call
                .replaceAll("the files: .*", "the files: ...").strip();
    }

    /** The reports of the tutorial, which is the last chapter that has any. */
    private static String output(int index) throws IOException {
        String tutorial = document().substring(document().indexOf("## Tutorial"));
        return OUTPUT.matcher(tutorial).results().map(match -> match.group(1).replaceAll("(?m)^    ", ""))
                .toList().get(index).replaceAll("the files: .*", "the files: ...").strip();
    }

    private static String find(Pattern pattern) throws IOException {
        Matcher matcher = pattern.matcher(document());
        assertTrue(matcher.find(), pattern::toString);
        return matcher.group(1);
    }

    private static String document() throws IOException {
        return Files.readString(DOCUMENT);
    }
}
