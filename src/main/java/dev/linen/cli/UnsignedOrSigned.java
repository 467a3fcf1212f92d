package dev.linen.cli;

import java.math.BigInteger;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses a 64-bit number: from -2^63 to 2^64-1, decimal or, with 0x, hexadecimal. */
final class UnsignedOrSigned implements ITypeConverter<Long> {

    @Override
    public Long convert(String text) {
        String number = text.strip();
        boolean negative = number.startsWith("-");
        String digits = negative ? number.substring(1) : number;
        boolean hex = digits.startsWith("0x") || digits.startsWith("0X");
        try {
            if (!digits.matches("[0-9a-fA-FxX]+")) { // BigInteger would accept a second sign
                throw new NumberFormatException();
            }
            BigInteger value = hex ? new BigInteger(digits.substring(2), 16) : new BigInteger(digits);
            value = negative ? value.negate() : value;
            if (value.bitLength() > (value.signum() < 0 ? Long.SIZE - 1 : Long.SIZE)) {
                throw new TypeConversionException("'" + number + "' has more than 64 bits");
            }
            return value.longValue();
        } catch (NumberFormatException wrong) {
            throw new TypeConversionException("'" + number + "' is not a number (decimal, or hexadecimal with 0x)");
        }
    }
}
