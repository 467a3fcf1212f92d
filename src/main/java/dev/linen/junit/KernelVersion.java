package dev.linen.junit;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Linux version: the numbers at its start, "6.1.0" for "6.1.0-13-amd64". */
record KernelVersion(int major, int minor, int patch) implements Comparable<KernelVersion> {

    private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,4}))?(?:[^0-9].*)?");

    /** @throws IllegalArgumentException if the text doesn't start with a version number */
    static KernelVersion parse(String text) {
        Matcher numbers = FORM.matcher(text);
        if (!numbers.matches()) {
            throw new IllegalArgumentException("a kernel version must look like 6.13 or 5.15.3, not '" + text + "'");
        }
        return new KernelVersion(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)),
                numbers.group(3) == null ? 0 : Integer.parseInt(numbers.group(3)));
    }

    static KernelVersion running() {
        return parse(System.getProperty("os.version", ""));
    }

    @Override
    public int compareTo(KernelVersion other) {
        if (major != other.major) {
            return Integer.compare(major, other.major);
        }
        return minor != other.minor ? Integer.compare(minor, other.minor) : Integer.compare(patch, other.patch);
    }

    @Override
    public String toString() {
        return major + "." + minor + (patch == 0 ? "" : "." + patch);
    }
}
