package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class ColoursTest {

    private static final String SKETCH = "  0x7f  ┌──┐  top\n        │ guard 64 KiB │\n        │ stack 2 MiB │\n";

    @Test
    void paint_piped_isAsItWas() {
        assertEquals(SKETCH, Colours.paint(SKETCH, Ansi.OFF));
    }

    @Test
    void paint_onATerminal_coloursGuardsAndStack() {
        assertEquals(
                "  0x7f  ┌──┐  top\n\u001b[31m        │ guard 64 KiB │\u001b[39m\n\u001b[32m        │ stack 2 MiB │\u001b[39m\n",
                Colours.paint(SKETCH, Ansi.ON));
    }

    @Test
    void paint_reportOnATerminal_coloursTheCauseOnly() {
        String report = "native thread 7, which ran f\n\nsignal    SIGSEGV\ncause     null-pointer: NULL was read\n";
        assertEquals(report.replace("cause     null-pointer: NULL was read",
                "\u001b[31mcause     null-pointer: NULL was read\u001b[39m"), Colours.paint(report, Ansi.ON));
        assertEquals(report, Colours.paint(report, Ansi.OFF));
    }

    @Test
    void paint_causeOfTwoLinesOnATerminal_coloursBoth() {
        assertEquals("\u001b[31mcause     a\u001b[39m\n\u001b[31m          b\u001b[39m\naddress   0x10\n",
                Colours.paint("cause     a\n          b\naddress   0x10\n", Ansi.ON));
    }
}
