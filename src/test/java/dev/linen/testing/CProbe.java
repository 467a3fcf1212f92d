package dev.linen.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Evaluates C expressions with a C compiler and its headers, all in one C program. The compiler for this machine makes a
 * program, which runs. One for another CPU only writes assembly, in which the values of constant expressions are
 * comments.
 *
 * <p>Each expression is on its own line. If the compiler reports an error in a line (a name that the headers lack), the
 * expression has no value, and the program is compiled again without it.
 */
public final class CProbe {

    private static final Pattern ERROR = Pattern.compile("^question:(\\d+):\\d+: error: ", Pattern.MULTILINE);

    private static final Pattern CONSTANT = Pattern.compile("^-> (\\S+) (-?\\d+)$", Pattern.MULTILINE);

    private final String compiler;
    private final boolean runs;
    /** Before Linux 5.18, asm/signal.h needs stddef.h. */
    private final StringBuilder head = new StringBuilder("#include <stddef.h>\n");
    private final Set<String> headers = new LinkedHashSet<>();
    private final Map<String, String> questions = new LinkedHashMap<>();

    public CProbe() {
        this("cc", /* runs */ true);
    }

    private CProbe(String compiler, boolean runs) {
        this.compiler = compiler;
        this.runs = runs;
    }

    /** Returns a probe whose program isn't run; it has no texts. */
    public static CProbe forAnotherCpu(String compiler) {
        return new CProbe(compiler, /* runs */ false);
    }

    /** Includes the headers that a header of linen includes, except those that this system lacks. */
    public CProbe includeThoseOf(Path header) throws IOException {
        Matcher include = Pattern.compile("^#include <([^>]+)>", Pattern.MULTILINE).matcher(Files.readString(header));
        while (include.find()) {
            headers.add(include.group(1));
            head.append(
                    "#if __has_include(<%s>)\n#include <%s>\n#endif\n".formatted(include.group(1), include.group(1)));
        }
        return this;
    }

    /** Includes a file. */
    public CProbe include(Path file) {
        head.append("#include \"").append(file.toAbsolutePath()).append("\"\n");
        return this;
    }

    /** Adds an expression for a number: {@code sizeof(struct iovec)}. */
    public CProbe number(String name, String expression) {
        questions.put(name, runs
                ? "printf(\"%%s\\t%%lld\\n\", \"%s\", (long long)(%s));".formatted(name, expression)
                : constant(name, expression));
        return this;
    }

    private static String constant(String name, String expression) {
        return "__asm__ volatile(\"\\n-> %s %%c0\\n\" : : \"i\"((long long)(%s)));".formatted(name, expression);
    }

    /** Adds an expression for a text: {@code strerror(1)}. */
    public CProbe text(String name, String expression) {
        questions.put(name, "printf(\"%%s\\t%%s\\n\", \"%s\", (%s));".formatted(name, expression));
        return this;
    }

    /** The values by name, and the missing headers. */
    public record Answers(Map<String, String> byName, Set<String> missingHeaders) {}

    /** Compiles and runs the program. Expressions that can't be compiled with the local headers have no value. */
    public Answers ask() throws IOException {
        Path directory = Files.createTempDirectory("c-probe-");
        try {
            return ask(directory.resolve("probe.c"), directory.resolve("probe"));
        } finally {
            Files.deleteIfExists(directory.resolve("probe.c"));
            Files.deleteIfExists(directory.resolve("probe"));
            Files.delete(directory);
        }
    }

    private Answers ask(Path source, Path program) throws IOException {
        List<String> names = new ArrayList<>(questions.keySet());
        Set<Integer> unanswerable = new LinkedHashSet<>();
        while (true) {
            Files.writeString(source, program(names, unanswerable));
            // -ffreestanding: the compiler's own stdint.h. No libc headers are used, because they conflict with the
            // kernel's.
            Run compiled = run(compiler, "-std=gnu11", "-Werror=implicit-function-declaration", "-ffreestanding",
                    "-fmax-errors=0", runs ? "-O0" : "-S", "-o", program.toString(), source.toString());
            if (compiled.status == 0) {
                break;
            }
            Set<Integer> wrong = ERROR.matcher(compiled.output).results().map(match -> Integer.valueOf(match.group(1)))
                    .collect(Collectors.toSet());
            if (!unanswerable.addAll(wrong)) {
                throw new AssertionError("the probe doesn't compile: " + compiled.output);
            }
        }
        Map<String, String> answers = new LinkedHashMap<>();
        if (runs) {
            run(program.toString()).output.lines().map(line -> line.split("\t", 2))
                    .forEach(answer -> answers.put(answer[0], answer[1]));
        } else {
            CONSTANT.matcher(Files.readString(program)).results()
                    .forEach(answer -> answers.put(answer.group(1), answer.group(2)));
        }
        Set<String> missing = new LinkedHashSet<>(headers);
        missing.removeIf(header -> answers.remove("<" + header + ">") != null);
        return new Answers(answers, missing);
    }

    /**
     * A line directive gives each expression its index as line number, so that errors can be assigned to expressions.
     */
    private String program(List<String> names, Set<Integer> without) {
        StringBuilder program = new StringBuilder(head);
        program.append("int printf(const char *, ...);\nchar *strerror(int);\nint main(void) {\n");
        for (String header : headers) {
            String answer = runs ? "printf(\"<%s>\\t\\n\");".formatted(header) : constant("<" + header + ">", "0");
            program.append("#if __has_include(<%s>)\n%s\n#endif\n".formatted(header, answer));
        }
        for (int i = 0; i < names.size(); i++) {
            if (!without.contains(i + 1)) {
                program.append("#line ").append(i + 1).append(" \"question\"\n").append(questions.get(names.get(i)))
                        .append('\n');
            }
        }
        return program.append("return 0; }\n").toString();
    }

    private record Run(int status, String output) {}

    private static Run run(String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        try {
            return new Run(process.waitFor(), output);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
