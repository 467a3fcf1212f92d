package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class UnsignedOrSignedTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "27, 27", "-5, -5", "007, 7", "0x1F, 31", "0XfF, 255", "-0x10, -16",
            "9223372036854775807, 9223372036854775807", "9223372036854775808, -9223372036854775808",
            "18446744073709551615, -1", "0xffffffffffffffff, -1", "-9223372036854775808, -9223372036854775808",
            "-0x8000000000000000, -9223372036854775808", "0x00000000000000000001, 1", "-0, 0"})
    void convert_64BitNumber_givesItsBits(String text, long bits) {
        assertEquals(bits, new UnsignedOrSigned().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"18446744073709551616", "-9223372036854775809", "0x10000000000000000",
            "-0x8000000000000001", "99999999999999999999999999"})
    void convert_moreThan64Bits_saysSo(String text) {
        TypeConversionException refused = assertThrows(TypeConversionException.class,
                () -> new UnsignedOrSigned().convert(text));
        assertEquals("'" + text + "' has more than 64 bits", refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "x", "0x", "-0x", "+5", "--5", "0x-5", "- 5", "5x", "ff", "1e5", "1.0", "1_000",
            "0b1", "0x0x1", "\u0665"})
    void convert_noNumber_saysSo(String text) {
        TypeConversionException refused = assertThrows(TypeConversionException.class,
                () -> new UnsignedOrSigned().convert(text));
        assertTrue(refused.getMessage().startsWith("'" + text + "' is not a number"), refused::getMessage);
    }
}
