package dev.linen.internal.elf;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The symbols of an image (.dynsym) or a file (.symtab), in no order, and which of them an address belongs to.
 *
 * <pre>
 *  +0   where its name starts, 4 bytes       +6   section, 2 bytes: 0 when it is another image's
 *  +4   type in the low 4 bits               +8   address, 8 bytes
 *  +5   visibility                           +16  size, 8 bytes
 * </pre>
 *
 * <p>A function is that of an address
 * <ol>
 * <li>when the address lies within its size: of several the one that starts last;
 * <li>or else when it has no size, is the last below the address, and no function with a size is between;
 * <li>or else, by the same two rules, when it isn't a function, but a label.
 * </ol>
 *
 * @param entries where the table starts
 * @param names where the names start
 */
record SymbolTable(MemoryReader memory, long entries, long count, long names, long nameBytes) {

    static final int ENTRY_BYTES = 24;

    /** Some ten times what the largest browser has. It keeps a corrupt count from costing minutes. */
    private static final long MOST_SYMBOLS = 1 << 24;

    private static final int ENTRIES_A_READ = 1024;
    private static final long MOST_NAME_BYTES = 4096;

    static final int NO_TYPE = 0;
    static final int FUNCTION = 2;
    static final int GNU_IFUNC = 10;

    private record Entry(long name, int type, int section, long address, long size) {

        static Entry read(Bytes bytes) throws Malformed {
            long name = bytes.u32();
            int type = bytes.u8() & 0xf;
            bytes.skip(1);
            return new Entry(name, type, bytes.u16(), bytes.u64(), bytes.u64());
        }

        boolean isFunction() {
            return type == FUNCTION || type == GNU_IFUNC;
        }

        boolean isCandidate(long wanted, Range code) {
            return section != 0 && name != 0 && (isFunction() || type == NO_TYPE)
                    && code.contains(address) && Long.compareUnsigned(address, wanted) <= 0;
        }

        boolean contains(long wanted) {
            return Long.compareUnsigned(wanted - address, size) < 0;
        }
    }

    /**
     * The function at an address.
     *
     * @param address as the file has it
     * @param code the mapped part that it lies in: a symbol of another isn't it
     */
    Optional<Symbol> at(long address, Range code) {
        Best best = new Best(address);
        try {
            for (long first = 0; first < Math.min(count, MOST_SYMBOLS); first += ENTRIES_A_READ) {
                Bytes some = Bytes.at(memory, entries + first * ENTRY_BYTES,
                        Math.min(count - first, ENTRIES_A_READ) * ENTRY_BYTES);
                while (some.hasMore()) {
                    Entry entry = Entry.read(some);
                    if (entry.isCandidate(address, code)) {
                        best.offer(entry);
                    }
                }
            }
        } catch (Malformed cutShort) {
            // so it is one of those seen until here
        }
        return best.get().map(entry -> new Symbol(name(entry), entry.address, entry.size));
    }

    /** Each rule's best so far. */
    private final class Best {

        private final long wanted;
        private Optional<Entry> function = Optional.empty();
        private Optional<Entry> functionBelow = Optional.empty();
        private Optional<Entry> label = Optional.empty();
        private Optional<Entry> labelBelow = Optional.empty();

        Best(long wanted) {
            this.wanted = wanted;
        }

        void offer(Entry entry) {
            if (entry.isFunction()) {
                function = entry.contains(wanted) ? better(function, entry) : function;
                functionBelow = better(functionBelow, entry);
            } else {
                label = entry.contains(wanted) ? better(label, entry) : label;
                labelBelow = better(labelBelow, entry);
            }
        }

        Optional<Entry> get() {
            Optional<Entry> asLastResort = label.or(() -> labelBelow.filter(
                    entry -> entry.size == 0 && functionBelow.stream().noneMatch(below -> startsLater(below, entry))));
            return function.or(() -> functionBelow.filter(entry -> entry.size == 0)).or(() -> asLastResort);
        }
    }

    private static boolean startsLater(Entry one, Entry other) {
        return Long.compareUnsigned(one.address, other.address) > 0;
    }

    /** The later; at one place the one with a size; of two names for one function the one with fewer underscores in front. */
    private Optional<Entry> better(Optional<Entry> best, Entry entry) {
        if (best.isEmpty() || startsLater(entry, best.get())) {
            return Optional.of(entry);
        }
        if (startsLater(best.get(), entry)) {
            return best;
        }
        boolean sized = best.get().size != 0;
        boolean replace = sized == (entry.size != 0)
                ? underscores(name(entry)) < underscores(name(best.get()))
                : !sized;
        return replace ? Optional.of(entry) : best;
    }

    private static int underscores(String name) {
        int count = 0;
        while (count < name.length() && name.charAt(count) == '_') {
            count++;
        }
        return count;
    }

    /** As C++ and Rust mangled it; "?" when it can't be read. What would spoil a report's lines is a '?', too. */
    private String name(Entry entry) {
        byte[] bytes = new byte[(int) Math.clamp(nameBytes - entry.name, 0, MOST_NAME_BYTES)];
        if (!memory.read(names + entry.name, bytes)) {
            return "?";
        }
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        String name = new String(bytes, 0, length, StandardCharsets.UTF_8).replaceAll("\\p{C}", "?");
        return name.isEmpty() ? "?" : name;
    }
}
