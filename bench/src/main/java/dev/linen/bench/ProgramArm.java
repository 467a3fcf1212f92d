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
 * @param name the name in the report
 * @param command the words of its command line
 */
record ProgramArm(String name, List<String> command) implements Arm {

    @Override
    public Map<String, Double> run() throws MissingException, InterruptedException {
        Map<String, Samples> samples = new LinkedHashMap<>();
        print((label, figure) -> samples.computeIfAbsent(label, name -> new Samples()).add(figure));
        Map<String, Double> figures = new LinkedHashMap<>();
        samples.forEach((label, each) -> figures.put(label, each.median()));
        return figures;
    }

    /** Receives what the program prints, in order. */
    interface Reader {
        void read(String label, double figure);
    }

    void print(Reader reader) throws MissingException, InterruptedException {
        for (String line : output(command)) {
            String[] words = line.split(" ");
            try {
                reader.read(words[0], Double.parseDouble(words[1]));
            } catch (ArrayIndexOutOfBoundsException | NumberFormatException noFigure) {
                throw new MissingException("it printed \"" + line + "\"");
            }
        }
    }

    /** The lines that a command prints; its exit status must be 0. */
    static List<String> output(List<String> command) throws MissingException, InterruptedException {
        try {
            Path errors = Files.createTempFile("linen-bench", ".err");
            try {
                Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
                List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
                int status = process.waitFor();
                if (status != 0) {
                    throw new MissingException("exit status " + status + reason(Files.readAllLines(errors)));
                }
                return lines;
            } finally {
                Files.delete(errors);
            }
        } catch (IOException cannotStart) {
            throw new MissingException(whyNot(Path.of(command.getFirst()), cannotStart));
        }
    }

    /** Programs with an absolute path are compiled from C by bench's build, if it finds a compiler. */
    private static String whyNot(Path program, IOException cannotStart) {
        if (Files.exists(program)) {
            return String.valueOf(cannotStart.getMessage());
        }
        return program.isAbsolute()
                ? program.getFileName() + " wasn't compiled: no C compiler when bench was built"
                : program + " isn't installed";
    }

    /** The innermost cause of an exception, or the first line. */
    private static String reason(List<String> errors) {
        String causedBy = "Caused by: ";
        return errors.stream().filter(line -> line.startsWith(causedBy)).reduce((outer, inner) -> inner)
                .or(() -> errors.stream().findFirst())
                .map(line -> ": " + line.replaceFirst(causedBy + "|Exception in thread \"main\" ", "")).orElse("");
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
