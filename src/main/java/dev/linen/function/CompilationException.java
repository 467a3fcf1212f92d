package dev.linen.function;

import java.io.Serial;
import java.util.List;
import java.util.Optional;

/**
 * C that became no library: it has errors, can't be loaded, or there is no compiler.
 *
 * <p>Its message is one line, with the first error in it:
 *
 * <pre>{@code foo.c doesn't compile: ./foo.c:3:14: error: 'x' undeclared (and 2 more)}</pre>
 */
public final class CompilationException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What the compiler printed. */
    private final String output;

    CompilationException(String message, String output) {
        super(message);
        this.output = output;
    }

    static CompilationException ofErrors(String source, String output, int exitStatus) {
        List<Diagnostic> errors = Diagnostic.parse(output).stream().filter(Diagnostic::isErrorInALine).toList();
        String first = errors.stream().findFirst().map(Diagnostic::toString).or(() -> firstOfNoLine(output))
                .orElse("the compiler ended with status " + exitStatus + " and said nothing");
        String more = errors.size() > 1 ? " (and " + (errors.size() - 1) + " more)" : "";
        return new CompilationException(source + " doesn't compile: " + first + more, output);
    }

    /** The linker's words have no severity: "/usr/bin/ld: cannot find -lfoo". Those of warnings aren't meant. */
    private static Optional<String> firstOfNoLine(String output) {
        return output.lines()
                .filter(line -> !line.isBlank() && !line.startsWith(" ") && !line.endsWith(":")
                        && Diagnostic.parseLine(line).filter(known -> known.line() != 0).isEmpty())
                .findFirst();
    }

    /**
     * What the compiler found.
     *
     * @return its errors, warnings and notes, in its order; empty when it didn't run, or said nothing that looks like gcc's
     *         or clang's
     */
    public List<Diagnostic> diagnostics() {
        return Diagnostic.parse(output);
    }

    /**
     * What the compiler and the linker printed.
     *
     * @return the whole text; empty when there is no compiler
     */
    public String output() {
        return output;
    }
}
