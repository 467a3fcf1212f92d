package dev.linen.cli;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/** The drawing of a stack buffer in colours: guards are red, the stack is green. */
final class SketchColours {

    private record Colour(Pattern row, Style style) {}

    private static final List<Colour> COLOURS = List.of(new Colour(Pattern.compile("│ guard "), Style.fg_red),
            new Colour(Pattern.compile("│ stack "), Style.fg_green),
            new Colour(Pattern.compile("│ (canary|futex|result) "), Style.fg_yellow),
            new Colour(Pattern.compile("│ signal "), Style.fg_blue),
            new Colour(Pattern.compile("│ (argument|function|protector|magic|self) "), Style.fg_cyan));

    private SketchColours() {}

    /** Adds colours if the output is a terminal. */
    static String paint(String sketch, Ansi ansi) {
        return ansi.enabled()
                ? sketch.lines().map(SketchColours::paint).collect(Collectors.joining("\n", "", "\n"))
                : sketch;
    }

    private static String paint(String line) {
        return COLOURS.stream().filter(colour -> colour.row().matcher(line).find()).findFirst()
                .map(colour -> colour.style().on() + line + colour.style().off()).orElse(line);
    }
}
