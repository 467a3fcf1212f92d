package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ColumnsTest {

    @Test
    void fit_shortLines_stayAsTheyAre() {
        String report = "debugger    none\n\n  rax    0  rbx    0\n";
        assertEquals(report, Columns.fit(report, 20));
        assertEquals("", Columns.fit("", 20));
    }

    @Test
    void fit_longRow_goesOnBelowItsValue() {
        assertEquals("huge pages  always: the\n            first access\n",
                Columns.fit("huge pages  always: the first access\n", 24));
        assertEquals("  #3   00ff  f+0x1\n             (library.so)\n",
                Columns.fit("  #3   00ff  f+0x1 (library.so)\n", 28));
    }

    @Test
    void fit_longText_isIndented() {
        assertEquals("linen doesn't work here.\n    Remedy: allow more\n    threads\n",
                Columns.fit("linen doesn't work here. Remedy: allow more threads\n", 24));
        assertEquals("so far from its  value\n    here\n", Columns.fit("so far from its  value here\n", 24));
    }

    @Test
    void fit_wordThatIsTooLong_isNotBroken() {
        assertEquals("java      25.0.3\n          /usr/lib/jvm/temurin-25\n",
                Columns.fit("java      25.0.3 /usr/lib/jvm/temurin-25\n", 24));
        assertEquals("java      /usr/lib/jvm/temurin-25\n", Columns.fit("java      /usr/lib/jvm/temurin-25\n", 24));
    }
}
