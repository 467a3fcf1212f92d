package dev.linen.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Makes text fit into the columns of the output. */
final class Columns {

    /** As many as the terminal has, as the launcher found out; 80 if there is none. */
    static final int AVAILABLE = Integer.getInteger("linen.columns", 80);

    /** A row of a report: what precedes its value. */
    private static final Pattern NAME = Pattern.compile("\\S(?:\\S| (?! ))* {2,}| +#\\d+ +[0-9a-f]+ +");

    /** Of the second line of a text that is no row. */
    private static final String INDENT = "    ";

    private Columns() {}

    /** Breaks the lines of a report that are too long. */
    static String fit(String report, int columns) {
        return report.lines().map(line -> line.length() <= columns ? line + '\n' : broken(line, columns))
                .collect(Collectors.joining());
    }

    private static String broken(String line, int columns) {
        Matcher name = NAME.matcher(line);
        return name.lookingAt() && name.end() <= columns / 2
                ? wrapped(name.group(), " ".repeat(name.end()), line.substring(name.end()), columns)
                : wrapped("", INDENT, line, columns);
    }

    /** Breaks a text at spaces. The lines after the first one are indented as far as the text of the first. */
    static String wrapped(String start, String text, int columns) {
        return wrapped(start, " ".repeat(start.length()), text, columns);
    }

    private static String wrapped(String start, String indent, String text, int columns) {
        StringBuilder lines = new StringBuilder();
        StringBuilder line = new StringBuilder(start);
        boolean empty = true;
        for (String word : text.split("(?<= )", -1)) {
            if (!empty && line.length() + word.stripTrailing().length() > columns) {
                lines.append(line.toString().stripTrailing()).append('\n');
                line = new StringBuilder(indent);
            }
            line.append(word);
            empty = false;
        }
        return lines.append(line.toString().stripTrailing()).append('\n').toString();
    }
}
