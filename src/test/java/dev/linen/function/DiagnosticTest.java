package dev.linen.function;

import static dev.linen.function.Diagnostic.Severity.ERROR;
import static dev.linen.function.Diagnostic.Severity.NOTE;
import static dev.linen.function.Diagnostic.Severity.WARNING;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

class DiagnosticTest {

    private static void assertParsed(Diagnostic expected, String line) {
        assertEquals(List.of(expected), Diagnostic.parse(line));
    }

    @Test
    void parse_gcc_hasAllParts() {
        assertParsed(new Diagnostic("./a b.c", 3, 14, ERROR, "'x' undeclared (first use in this function)"),
                "./a b.c:3:14: error: 'x' undeclared (first use in this function)");
        assertParsed(new Diagnostic("<stdin>", 1, 10, ERROR, "nope.h: No such file or directory"),
                "<stdin>:1:10: fatal error: nope.h: No such file or directory");
        assertParsed(new Diagnostic("a.c", 1, 2, WARNING, "unused: x [-Wunused]"),
                "a.c:1:2: warning: unused: x [-Wunused]");
        assertParsed(new Diagnostic("a.c", 1, 2, NOTE, "here"), "a.c:1:2: note: here");
        assertParsed(new Diagnostic("a.c", 1, 2, ERROR, "no such thing"),
                "a.c:1:2: sorry, unimplemented: no such thing");
    }

    @Test
    void parse_withoutAPlace_isLine0() {
        assertParsed(new Diagnostic("a.c", 7, 0, ERROR, "declaration expected"), "a.c:7: error: declaration expected");
        assertParsed(new Diagnostic("cc", 0, 0, ERROR, "unrecognized command-line option '-fnope'"),
                "cc: error: unrecognized command-line option '-fnope'");
        assertParsed(new Diagnostic("a.c", 0, 0, ERROR, "x"), "a.c: error: x");
    }

    @Test
    void parse_fileWithAColon_isWhole() {
        assertParsed(new Diagnostic("a:b:3:c.c", 1, 2, ERROR, "x"), "a:b:3:c.c:1:2: error: x");
    }

    @Test
    void parse_otherLines_areNone() {
        assertEquals(List.of(), Diagnostic.parse("""
                a.c: In function 'f':
                    3 | int f(void) { return x; } // a.c:1:2: error: shown
                      |                      ^
                /usr/bin/ld: cannot find -lnope: No such file or directory
                2 errors generated.

                """));
    }

    @Test
    void toString_any_isAsTheCompilerPrintsIt() {
        assertEquals("a.c:3:14: error: x", new Diagnostic("a.c", 3, 14, ERROR, "x").toString());
        assertEquals("a.c:3: warning: x", new Diagnostic("a.c", 3, 0, WARNING, "x").toString());
        assertEquals("cc: note: x", new Diagnostic("cc", 0, 0, NOTE, "x").toString());
    }
}
