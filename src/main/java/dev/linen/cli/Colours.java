package dev.linen.cli;

import java.util.List;
import java.util.regex.Pattern;

import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/** Colours for a terminal: in the drawing of a stack buffer, guards are red; in the report of a fault, its cause is. */
final class Colours {

    private static final String CAUSE = "cause  ";
    private static final String SECOND_LINE = " ".repeat(10); // of a row of the report

    private record Colour(Pattern row, Style style) {}

    private static final List<Colour> COLOURS = List.of(
            new Colour(Pattern.compile("│ guard "), Style.fg_red),
            new Colour(Pattern.compile("│ stack "), Style.fg_green),
            new Colour(Pattern.compile("│ (canary|futex|result) "), Style.fg_yellow),
            new Colour(Pattern.compile("│ signal "), Style.fg_blue),
            new Colour(Pattern.compile("│ (argument|function|protector|magic|self) "), Style.fg_cyan));

    private Colours() {}

    /** Adds colours to a drawing or a report if the output is a terminal. */
    static String paint(String text, Ansi ansi) {
        if (!ansi.enabled()) {
            return text;
        }
        StringBuilder painted = new StringBuilder();
        boolean cause = false;
        for (String line : text.lines().toList()) {
            cause = line.startsWith(CAUSE) || (cause && line.startsWith(SECOND_LINE));
            painted.append(cause ? Style.fg_red.on() + line + Style.fg_red.off() : paint(line)).append('\n');
        }
        return painted.toString();
    }

    private static String paint(String line) {
        return COLOURS.stream().filter(colour -> colour.row().matcher(line).find()).findFirst()
                .map(colour -> colour.style().on() + line + colour.style().off()).orElse(line);
    }
}
