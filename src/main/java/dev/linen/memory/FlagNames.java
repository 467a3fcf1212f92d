package dev.linen.memory;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** The names of the bits of a flag set, for printing it as in C. */
final class FlagNames {

    private final Map<Integer, String> names = new LinkedHashMap<>();

    FlagNames add(int bit, String name) {
        names.put(bit, name);
        return this;
    }

    /** {@code "PROT_READ|PROT_WRITE|0x40"}: the known bits by name, the others as one number; "0" if none is set. */
    String describe(int bits) {
        StringJoiner text = new StringJoiner("|");
        int unnamed = bits;
        for (Map.Entry<Integer, String> entry : names.entrySet()) {
            int bit = entry.getKey();
            if ((unnamed & bit) == bit) {
                text.add(entry.getValue());
                unnamed &= ~bit;
            }
        }
        if (unnamed != 0) {
            text.add("0x" + Integer.toHexString(unnamed));
        }
        return text.length() == 0 ? "0" : text.toString();
    }
}
