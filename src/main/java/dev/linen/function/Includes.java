package dev.linen.function;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The files that a source includes, except system headers, as they were when it was compiled.
 *
 * @param contents the contents by path; empty for a file that had already been deleted
 * @param complete whether all have a path: in the C locale, Java has none for a name that isn't ASCII
 */
record Includes(Map<Path, Optional<ByteBuffer>> contents, boolean complete) {

    /** A word of a makefile. In it, a space is escaped as "\\ ", a $ as "$$" and a # as "\\#". */
    private static final Pattern WORD = Pattern.compile("(?:\\\\.|\\S)+");

    private static final Pattern ESCAPED = Pattern.compile("\\\\([ #])|\\$(\\$)");

    /** @param rule the compiler's output for {@code -MMD -MT x}: {@code x: foo.c foo.h}, possibly with more lines */
    static Includes ofRule(String rule) {
        Map<Path, Optional<ByteBuffer>> contents = new LinkedHashMap<>();
        String line = rule.replace("\\\n", " ");
        try {
            WORD.matcher(line).results().map(MatchResult::group).skip(1) // "x:"
                    .map(word -> ESCAPED.matcher(word)
                            .replaceAll(escaped -> escaped.group().equals("$$") ? "\\$" : escaped.group(1)))
                    .map(Path::of).forEach(file -> contents.put(file, content(file)));
        } catch (InvalidPathException otherCharset) {
            return new Includes(contents, /* complete */ false);
        }
        return new Includes(contents, /* complete */ true);
    }

    /** False if that isn't known. */
    boolean areUnchanged() {
        return complete
                && contents.entrySet().stream().allMatch(file -> file.getValue().equals(content(file.getKey())));
    }

    private static Optional<ByteBuffer> content(Path file) {
        try {
            return Optional.of(ByteBuffer.wrap(Files.readAllBytes(file)));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
