package dev.linen.internal.elf;

/**
 * The hash tables with which the dynamic linker finds symbols. Here they are only used to count the symbols, because
 * nothing else in a loaded image contains their number.
 *
 * <pre>
 *  DT_HASH                    DT_GNU_HASH
 *  +0  buckets, 4 bytes       +0   buckets, 4 bytes
 *  +4  symbols, 4 bytes       +4   the first symbol that is in the table, 4 bytes
 *                             +8   words in the filter, 4 bytes
 *                             +16  the filter, 8 bytes a word
 *                                  each bucket's first symbol, 4 bytes; 0 when it is empty
 *                                  from that first symbol on, each one's hash, 4 bytes; bit 0 set: its bucket's last
 * </pre>
 */
final class HashTable {

    /** A limit for corrupt tables; a bucket normally has a few symbols. */
    private static final int MOST_IN_A_BUCKET = 10_000;

    private HashTable() {}

    static long countByHash(MemoryReader memory, long address) throws Malformed {
        Bytes header = Bytes.at(memory, address, 8);
        header.skip(Integer.BYTES);
        return header.u32();
    }

    /**
     * The symbols are sorted by bucket, so the last symbol is the last one of the bucket that starts at the highest
     * index.
     */
    static long countByGnuHash(MemoryReader memory, long address) throws Malformed {
        Bytes header = Bytes.at(memory, address, 16);
        long bucketCount = header.u32();
        long first = header.u32();
        long buckets = address + 16 + Long.BYTES * header.u32();
        Bytes starts = Bytes.at(memory, buckets, Integer.BYTES * bucketCount);
        long last = 0;
        while (starts.hasMore()) {
            last = Math.max(last, starts.u32());
        }
        if (last < first) {
            return first; // every bucket is empty
        }
        long hashes = buckets + Integer.BYTES * bucketCount;
        for (int i = 0; i < MOST_IN_A_BUCKET; i++, last++) {
            if ((Bytes.at(memory, hashes + Integer.BYTES * (last - first), Integer.BYTES).u32() & 1) != 0) {
                return last + 1;
            }
        }
        throw new Malformed("a bucket without an end");
    }
}
