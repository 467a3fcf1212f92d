package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program that prints "LABEL FIGURE" on each line.
 *
 * @param name what the report calls it
 * @param command its words
 */
record ProgramArm(String name, List<String> command) implements Arm {

    @Override
    public Map<String, Double> run() throws MissingException, InterruptedException {
        Map<String, Samples> samples = new LinkedHashMap<>();
        for (String line : output(command)) {
            String[] words = line.split(" ");
            try {
                samples.computeIfAbsent(words[0], label -> new Samples()).add(Double.parseDouble(words[1]));
            } catch (ArrayIndexOutOfBoundsException | NumberFormatException noFigure) {
                throw new MissingException("it printed \"" + line + "\"");
            }
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        samples.forEach((label, each) -> figures.put(label, each.median()));
        return figures;
    }

    /** The lines that a command prints; it must end well. */
    static List<String> output(List<String> command) throws MissingException, InterruptedException {
        try {
            Path errors = Files.createTempFile("linen-bench", ".err");
            try {
                Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
                List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
                int status = process.waitFor();
                if (status != 0) {
                    throw new MissingException("exit status " + status + lastLine(errors));
                }
                return lines;
            } finally {
                Files.delete(errors);
            }
        } catch (IOException cannotStart) {
            throw new MissingException(cannotStart.getMessage());
        }
    }

    private static String lastLine(Path errors) throws IOException {
        List<String> lines = Files.readAllLines(errors);
        return lines.isEmpty() ? "" : ": " + lines.getFirst();
    }

    static List<String> words(Object... words) {
        List<String> command = new ArrayList<>();
        for (Object word : words) {
            if (word instanceof List<?> several) {
                several.forEach(each -> command.add(each.toString()));
            } else {
                command.add(word.toString());
            }
        }
        return command;
    }
}
