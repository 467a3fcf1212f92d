package dev.linen.function;

import java.io.Serial;
import java.util.List;
import java.util.Optional;

/**
 * Thrown when C code can't be compiled and loaded: it has errors, the library can't be loaded, or there is no compiler.
 *
 * <p>The message is one line, with the first error:
 *
 * <pre>{@code foo.c doesn't compile: ./foo.c:3:14: error: 'x' undeclared (and 2 more)}</pre>
 */
public final class CompilationException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The output of the compiler. */
    private final String output;

    CompilationException(String message, String output) {
        super(message);
        this.output = output;
    }

    static CompilationException ofErrors(String source, String output, int exitStatus) {
        List<Diagnostic> errors = Diagnostic.parse(output).stream().filter(Diagnostic::isErrorInALine).toList();
        String first = errors.stream().findFirst().map(Diagnostic::toString).or(() -> firstOfNoLine(output))
                .orElse("the compiler exited with status " + exitStatus + " and printed nothing");
        String more = errors.size() > 1 ? " (and " + (errors.size() - 1) + " more)" : "";
        return new CompilationException(source + " doesn't compile: " + first + more, output);
    }

    /**
     * Finds the first message without a line number. Messages of the linker have no severity: "/usr/bin/ld: cannot find
     * -lfoo".
     */
    private static Optional<String> firstOfNoLine(String output) {
        return output.lines()
                .filter(line -> !line.isBlank() && !line.startsWith(" ") && !line.endsWith(":")
                        && Diagnostic.parseLine(line).filter(known -> known.line() != 0).isEmpty())
                .findFirst();
    }

    /**
     * Returns the diagnostics of the compiler.
     *
     * @return the errors, warnings and notes, in the compiler's order; empty if the compiler didn't run, or if its
     *         output doesn't have the format of gcc and clang
     */
    public List<Diagnostic> diagnostics() {
        return Diagnostic.parse(output);
    }

    /**
     * Returns the output of the compiler and the linker.
     *
     * @return the whole text; empty if there is no compiler
     */
    public String output() {
        return output;
    }
}
