package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Evaluates expressions that are given as bytes. Each starts with 5 on the stack; register n has the value 1000 + n.
 */
class DwarfExpressionTest {

    /** The word at address n has the value n + 1. */
    private static final MemoryReader MEMORY = (address, into) -> {
        for (int i = 0; i < into.length; i++) {
            into[i] = (byte) (address + 1 >> 8 * i);
        }
        return true;
    };

    private static long evaluate(String hex) throws Malformed {
        return evaluate(hex, 1016);
    }

    /** With a value of register 16, which is rip on x86-64. */
    private static long evaluate(String hex, long sixteenth) throws Malformed {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        Registers registers = Registers.interrupted(register -> {
            int number = Register.ofThisCpu().indexOf(register);
            return number == 16 ? sixteenth : 1000 + number;
        });
        MemoryReader reader = (address, into) -> {
            System.arraycopy(code, 0, into, 0, into.length);
            return true;
        };
        return new DwarfExpression(registers, MEMORY).evaluate(Bytes.at(reader, 0, code.length), 5);
    }

    @ParameterizedTest
    @CsvSource({"'', 5", "30, 0", "4f, 31", "08 ff, 255", "09 ff, -1", "0a ffff, 65535", "0b feff, -2",
            "0c ffffffff, 4294967295", "0d fdffffff, -3", "0e 0102030405060708, 578437695752307201",
            "03 0900000000000000, 9", "0f ffffffffffffffff, -1", "10 e58e26, 624485", "11 807f, -128", "11 40, -64",
            "12 22, 10", "31 13, 5", "31 14, 5", "31 32 15 02, 5", "31 16, 5", "31 16 1c, -4", "31 32 17 13, 5",
            "31 32 17, 1", "09 fb 19, 5", "1f, -5", "20, -6", "23 8001, 133", "06, 6", "94 01, 6", "94 02, 6",
            "94 04, 6", "94 08, 6", "31 1a, 1", "32 1b, 2", "09 fe 1b, -2", "33 1d, 2", "33 1e, 15", "38 21, 13",
            "33 22, 8", "33 1c, 2", "33 24, 40", "08 40 24, 0", "31 25, 2", "1f 08 3c 25, 15", "1f 31 26, -3",
            "1f 08 7f 26, -1", "33 27, 6", "35 29, 1", "34 29, 0", "35 2a, 1", "36 2a, 0", "34 2b, 1", "35 2b, 0",
            "35 2c, 1", "34 2c, 0", "36 2d, 1", "35 2d, 0", "34 2e, 1", "35 2e, 0", "53, 1003", "77 08, 1015",
            "77 78, 999", "90 0c, 1012", "92 0c 02, 1014", "96, 5", "2f 0100 30, 5", "31 28 0100 30, 5",
            "30 28 0100 37, 7"})
    void evaluate_operation_givesItsResult(String hex, long result) throws Malformed {
        assertEquals(result, evaluate(hex));
    }

    /** The expression that linkers write for the PLT: 8 above rsp, or 16 above it from byte 11 of the entry. */
    @Test
    void evaluate_ofPlt_dependsOnTheInstruction() throws Malformed {
        String plt = "77 08 80 00 3f 1a 3b 2a 33 24 22";
        assertEquals(1007 + 8, evaluate(plt, 0x1000));
        assertEquals(1007 + 8, evaluate(plt, 0x100a));
        assertEquals(1007 + 16, evaluate(plt, 0x100b));
        assertEquals(1007 + 16, evaluate(plt, 0x100f));
        assertEquals(1007 + 8, evaluate(plt, 0x1010));
    }

    /**
     * In this order: truncated, empty stack, division by zero, unknown operation, endless loop, endless growth, jump
     * out of the code.
     */
    @ParameterizedTest
    @ValueSource(strings = {"08", "13 13", "13", "30 1b", "30 1d", "02", "ff", "18", "2f fdff", "12 2f fcff", "2f 1000",
            "2f f0ff", "94 03", "94 00", "90 21", "92 21 00", "15 05"})
    void evaluate_nonsense_isMalformed(String hex) {
        assertThrows(Malformed.class, () -> evaluate(hex));
    }
}
