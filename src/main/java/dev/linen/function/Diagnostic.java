package dev.linen.function;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * One thing that a C compiler says about a source: {@code foo.c:3:14: error: 'x' undeclared}.
 *
 * @param file where, as the compiler calls it: a path, "&lt;stdin&gt;" for a text, what a {@code #line} says, or the tool
 *        that complains
 * @param line which line, from 1 on; 0 when it is about none
 * @param column which column, from 1 on, as the compiler counts (gcc as an editor does, clang in bytes); 0 when it is about
 *        a whole line or none
 * @param severity how bad it is
 * @param message what it is
 */
public record Diagnostic(String file, int line, int column, Severity severity, String message) {

    /** How bad it is. */
    public enum Severity {
        /** There is no library. */
        ERROR,
        /** There is a library, but it may not do what was meant. */
        WARNING,
        /** Belongs to the diagnostic before it. */
        NOTE
    }

    /** FILE:LINE:COLUMN: SEVERITY: MESSAGE. What starts with a blank is source text that the compiler shows. */
    private static final Pattern LINE = Pattern.compile(
            "(?<file>\\S.*?):(?:(?<line>\\d{1,9}):(?:(?<column>\\d{1,9}):)?)? (?<severity>(?:fatal |internal compiler )?error"
                    + "|sorry, unimplemented|warning|note|remark): (?<message>.*)");

    /** What gcc or clang printed. */
    static List<Diagnostic> parse(String output) {
        return output.lines().map(Diagnostic::parseLine).flatMap(Optional::stream).toList();
    }

    static Optional<Diagnostic> parseLine(String text) {
        Matcher matcher = LINE.matcher(text);
        return matcher.matches()
                ? Optional.of(new Diagnostic(matcher.group("file"), number(matcher.group("line")),
                        number(matcher.group("column")), severity(matcher.group("severity")), matcher.group("message")))
                : Optional.empty();
    }

    private static int number(@Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private static Severity severity(String word) {
        return switch (word) {
            case "warning" -> Severity.WARNING;
            case "note", "remark" -> Severity.NOTE;
            default -> Severity.ERROR;
        };
    }

    boolean isErrorInALine() {
        return severity == Severity.ERROR && line != 0;
    }

    /**
     * As compilers print it.
     *
     * @return "foo.c:3:14: error: 'x' undeclared"
     */
    @Override
    public String toString() {
        return file + (line == 0 ? "" : ":" + line) + (column == 0 ? "" : ":" + column) + ": "
                + severity.name().toLowerCase(Locale.ROOT) + ": " + message;
    }
}
