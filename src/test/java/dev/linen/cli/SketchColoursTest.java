package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class SketchColoursTest {

    private static final String SKETCH = "  0x7f  ┌──┐  top\n        │ guard 64 KiB │\n        │ stack 2 MiB │\n";

    @Test
    void paint_piped_isAsItWas() {
        assertEquals(SKETCH, SketchColours.paint(SKETCH, Ansi.OFF));
    }

    @Test
    void paint_onATerminal_coloursGuardsAndStack() {
        assertEquals(
                "  0x7f  ┌──┐  top\n\u001b[31m        │ guard 64 KiB │\u001b[39m\n\u001b[32m        │ stack 2 MiB │\u001b[39m\n",
                SketchColours.paint(SKETCH, Ansi.ON));
    }
}
