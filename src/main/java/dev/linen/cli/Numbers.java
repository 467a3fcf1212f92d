package dev.linen.cli;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses an argument of a C function: a whole number of 64 bits, or a double, which has a point or an exponent. */
final class Numbers implements ITypeConverter<Number> {

    private static final Pattern DOUBLE = Pattern.compile(
            "[-+]?(?:[0-9]+\\.[0-9]*|\\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?");
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m)?");
    private static final Map<String, Long> MILLIS = Map.of("ms", 1L, "s", 1000L, "m", 60_000L);

    @Override
    public Number convert(String text) {
        String number = text.strip();
        return DOUBLE.matcher(number).matches()
                ? Double.valueOf(number)
                : (Number) new UnsignedOrSigned().convert(number);
    }

    /** Parses an int that {@link LinenCommand#markNegativeNumbers} may have marked. */
    static int parseInt(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException wrong) {
            throw new TypeConversionException("'" + text.strip() + "' is not a whole number");
        }
    }

    /** Parses "5s", "500ms", "2m"; without a unit, seconds. */
    static Duration parseDuration(String text) {
        Matcher matcher = DURATION.matcher(text.strip());
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text.strip() + "' is not a time: 500ms, 5s, or 2m");
        }
        String unit = matcher.group(2);
        return Duration.ofMillis(Long.parseLong(matcher.group(1)) * MILLIS.getOrDefault(unit == null ? "s" : unit, 1L));
    }
}
