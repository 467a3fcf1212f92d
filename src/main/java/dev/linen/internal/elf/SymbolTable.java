package dev.linen.internal.elf;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The symbols of an image (.dynsym) or a file (.symtab), which aren't sorted.
 *
 * <pre>
 *  +0   offset of the name, 4 bytes          +6   section, 2 bytes: 0 if it is in another image
 *  +4   type in the low 4 bits               +8   address, 8 bytes
 *  +5   visibility                           +16  size, 8 bytes
 * </pre>
 *
 * <p>The symbol of an address is the first of these that exists:
 * <ol>
 * <li>the function whose size includes the address; if there are several, the one with the highest start;
 * <li>the last function below the address, if it has no size;
 * <li>the label (a symbol without a type) whose size includes the address; if there are several, the one with the
 * highest start;
 * <li>the last label below the address, if it has no size, and no function starts between the label and the address.
 * </ol>
 *
 * @param entries the address of the table
 * @param names the address of the names
 */
record SymbolTable(MemoryReader memory, long entries, long count, long names, long nameBytes) {

    static final int ENTRY_BYTES = 24;

    /** A limit of about ten times what the largest browser has. Without it, a corrupt count could take minutes. */
    private static final long MOST_SYMBOLS = 1 << 24;

    private static final int ENTRIES_A_READ = 1024;
    private static final long MOST_NAME_BYTES = 4096;

    /**
     * How many pairs of names are compared for one address, at most. A file may give one function any number of names;
     * beyond this, the first one found is used.
     */
    private static final int MOST_COMPARISONS = 64;

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
     * Finds the function at an address.
     *
     * @param address the file address
     * @param code the segment that contains the address; symbols in other segments are ignored
     */
    Optional<Symbol> at(long address, Range code) {
        Best best = new Best(address);
        try {
            for (long first = 0; first < Math.min(count, MOST_SYMBOLS); first += ENTRIES_A_READ) {
                Bytes some = Bytes.at(memory, entries + first * ENTRY_BYTES,
                        Math.min(count - first, ENTRIES_A_READ) * ENTRY_BYTES);
                while (some.hasMore()) {
                    Entry entry = Entry.read(some);
                    if (entry.isCandidate(address, code) && !best.isMarker(entry)) {
                        best.offer(entry);
                    }
                }
            }
        } catch (Malformed cutShort) {
            // use the best symbol so far
        }
        return best.get().map(entry -> new Symbol(name(entry), entry.address, entry.size));
    }

    /** The best symbol so far for each rule. */
    private final class Best {

        private final long wanted;
        private Optional<Entry> function = Optional.empty();
        private Optional<Entry> functionBelow = Optional.empty();
        private Optional<Entry> label = Optional.empty();
        private Optional<Entry> labelBelow = Optional.empty();
        private int compared;

        /** Whether a name is that of a marker, by the name's offset: there are many markers, but few names of them. */
        private final Map<Long, Boolean> markers = new HashMap<>();

        Best(long wanted) {
            this.wanted = wanted;
        }

        /** Assemblers for aarch64 mark where code begins by $x, and data by $d: labels, but no functions. */
        boolean isMarker(Entry entry) {
            boolean mayBe = entry.type == NO_TYPE && entry.size == 0 && Register.LINK_REGISTER.isPresent();
            return mayBe && markers.computeIfAbsent(entry.name, offset -> name(entry).matches("\\$[xd](\\..*)?"));
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

        /** Prefers the higher start; then a symbol with a size; then the name with fewer leading underscores. */
        private Optional<Entry> better(Optional<Entry> best, Entry entry) {
            if (best.isEmpty() || startsLater(entry, best.get())) {
                return Optional.of(entry);
            }
            if (startsLater(best.get(), entry) || best.get().name == entry.name) {
                return best;
            }
            boolean sized = best.get().size != 0;
            boolean replace = sized == (entry.size != 0)
                    ? compared++ < MOST_COMPARISONS && underscores(name(entry)) < underscores(name(best.get()))
                    : !sized;
            return replace ? Optional.of(entry) : best;
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

    private static int underscores(String name) {
        int count = 0;
        while (count < name.length() && name.charAt(count) == '_') {
            count++;
        }
        return count;
    }

    /** Returns the name, as mangled by C++ or Rust; "?" if it can't be read. Control characters are replaced by '?'. */
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

    /** The symbol name that a pointer into the table's names points to; empty if it points elsewhere. */
    Optional<String> nameAt(long address) {
        long offset = address - names;
        boolean begins = offset > 0 && offset < nameBytes;
        return begins ? Optional.of(name(new Entry(offset, NO_TYPE, 0, 0, 0))) : Optional.empty();
    }
}
