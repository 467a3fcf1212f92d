package dev.linen.function;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A diagnostic of a C compiler: {@code foo.c:3:14: error: 'x' undeclared}.
 *
 * @param file the location as the compiler prints it: a path, "&lt;stdin&gt;" for a text, the name in a {@code #line}
 *        directive, or the tool that reports the problem
 * @param line the line, from 1; 0 if the diagnostic isn't about a line
 * @param column the column, from 1, as the compiler counts it (gcc like an editor, clang in bytes); 0 if the diagnostic
 *        is about a whole line or isn't about a line
 * @param severity the severity
 * @param message the text
 */
public record Diagnostic(String file, int line, int column, Severity severity, String message) {

    /** The severity of a diagnostic. */
    public enum Severity {
        /** The compilation failed, and there is no library. */
        ERROR,
        /** There is a library, but it may not do what the author intended. */
        WARNING,
        /** Belongs to the diagnostic before it. */
        NOTE
    }

    /** FILE:LINE:COLUMN: SEVERITY: MESSAGE. A line that starts with a space is source code that the compiler quotes. */
    private static final Pattern LINE = Pattern.compile(
            "(?<file>\\S.*?):(?:(?<line>\\d{1,9}):(?:(?<column>\\d{1,9}):)?)? (?<severity>"
                    + "(?:fatal |internal compiler )?error|sorry, unimplemented|warning|note|remark): (?<message>.*)");

    /** Parses the output of gcc or clang. */
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
     * Returns the diagnostic as compilers print it.
     *
     * @return "foo.c:3:14: error: 'x' undeclared"
     */
    @Override
    public String toString() {
        return file + (line == 0 ? "" : ":" + line) + (column == 0 ? "" : ":" + column) + ": "
                + severity.name().toLowerCase(Locale.ROOT) + ": " + message;
    }
}
