package dev.linen.bench;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;

/**
 * The options of the command line.
 *
 * @param effort the extent of the run
 * @param docs the folder that the report is copied to, if any
 * @param words what to measure; everything if empty
 */
record Options(Effort effort, Optional<Path> docs, Set<String> words) {

    /**
     * Parses {@code [--quick] [--docs FOLDER] [WORD...]}.
     *
     * @throws IllegalArgumentException if an argument is wrong; with a message of one line for the user
     */
    static Options parse(List<String> arguments, Collection<String> known) {
        Effort effort = Effort.FULL;
        Optional<Path> docs = Optional.empty();
        Set<String> words = new LinkedHashSet<>();
        Queue<String> rest = new ArrayDeque<>(arguments);
        for (String argument; (argument = rest.poll()) != null;) {
            switch (argument) {
                case "--quick" -> effort = Effort.QUICK;
                case "--docs" -> docs = Optional.of(folder(rest));
                default -> words.add(word(argument, known));
            }
        }
        if (docs.isPresent() && !words.isEmpty()) {
            throw new IllegalArgumentException("--docs needs a run of everything, not of " + String.join(" ", words));
        }
        return new Options(effort, docs, words);
    }

    private static Path folder(Queue<String> rest) {
        String folder = rest.poll();
        if (folder == null) {
            throw new IllegalArgumentException("--docs needs a folder");
        }
        return Path.of(folder);
    }

    private static String word(String argument, Collection<String> known) {
        String word = argument.toLowerCase(Locale.ROOT);
        if (!known.contains(word)) {
            throw new IllegalArgumentException(
                    "--quick, --docs FOLDER, or some of " + String.join(" ", known) + "; not " + argument);
        }
        return word;
    }

    boolean wants(Measurement measurement) {
        return words.isEmpty() || measurement.words().stream().anyMatch(words::contains);
    }
}
