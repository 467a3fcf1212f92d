package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

/** Runs docs/tour.jsh in ./linen shell: each line prints what its comment says. */
class TourIT {

    private static final Path TOUR = Path.of("docs", "tour.jsh").toAbsolutePath();
    private static final Pattern PRINTS = Pattern.compile("// prints (.*)");

    @Test
    void tour_inTheShell_printsWhatItSays() throws Exception {
        String linen = Path.of("linen").toAbsolutePath().toString();
        Command.Result shell = Command.of(linen, "shell", "--feedback", "concise", TOUR.toString()).run();
        assertEquals(0, shell.exitStatus(), shell::toString);
        assertTrue(!shell.out().contains("rror:") && !shell.out().contains("Exception"), shell::toString);
        List<String> promised = PRINTS.matcher(Files.readString(TOUR)).results().map(match -> match.group(1).strip())
                .toList();
        assertEquals(8, promised.size());
        int from = 0;
        for (String line : promised) {
            int at = shell.out().indexOf(line, from);
            assertTrue(at >= 0, () -> "\"" + line + "\" isn't in\n" + shell);
            from = at + line.length();
        }
        assertEquals("", shell.err());
    }
}
