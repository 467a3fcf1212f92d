package dev.linen.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A set of CPUs, by the kernel's numbers for them: C's {@code cpu_set_t}, of any length.
 *
 * <p>A value: it never changes, and equals another with the same CPUs. The CPUs need not exist. An empty set is legal, but
 * no thread can be bound to it.
 *
 * <pre>{@code
 * CpuSet cpus = CpuSet.range(0, 3).with(5);
 * cpus.toString();                             // "0-3,5"
 * CpuSet.parse("0-3,5").equals(cpus);          // true
 * }</pre>
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/CPU_SET.3.html">CPU_SET(3)</a>
 */
public final class CpuSet {

    /** Far beyond any kernel's (x86-64: 8192), so that a wrong number is an exception and not a gigabyte of zeros. */
    static final int MOST_CPUS = 1 << 20;

    private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");

    /** "5" or "0-3". More digits than a CPU's number can have are no number here. */
    private static final Pattern ITEM = Pattern.compile("([0-9]{1,9})(?:-([0-9]{1,9}))?");

    /** Never changed after the constructor. */
    private final BitSet bits;

    private CpuSet(BitSet bits) {
        this.bits = bits;
    }

    /**
     * These CPUs.
     *
     * @param cpus their numbers, from 0 on, in any order; none for the empty set
     * @return the set
     * @throws IllegalArgumentException when one is negative, or beyond any kernel's CPUs (1,048,575)
     */
    public static CpuSet of(int... cpus) {
        BitSet bits = new BitSet();
        for (int cpu : cpus) {
            bits.set(requireCpu(cpu));
        }
        return new CpuSet(bits);
    }

    /**
     * CPUs that follow each other.
     *
     * @param first the lowest number
     * @param last the highest, which is in the set too
     * @return the set
     * @throws IllegalArgumentException when one is negative, or beyond any kernel's CPUs (1,048,575), or the last is below
     *         the first
     */
    public static CpuSet range(int first, int last) {
        BitSet bits = new BitSet();
        setRange(bits, first, last);
        return new CpuSet(bits);
    }

    private static void setRange(BitSet bits, int first, int last) {
        requireCpu(first);
        requireCpu(last);
        if (last < first) {
            throw new IllegalArgumentException("a range of CPUs goes upwards, not from " + first + " to " + last);
        }
        bits.set(first, last + 1);
    }

    private static int requireCpu(int cpu) {
        if (cpu < 0 || cpu >= MOST_CPUS) {
            throw new IllegalArgumentException("a CPU's number is from 0 to " + (MOST_CPUS - 1) + ", not " + cpu);
        }
        return cpu;
    }

    /**
     * Reads a list of CPUs as the kernel writes it, in {@code /sys/devices/system/cpu} and for {@code taskset -c}.
     *
     * @param list numbers and ranges with commas between them: "0-3,5"; the empty set is ""; blanks and line ends around it
     *        don't matter
     * @return the set
     * @throws IllegalArgumentException when it is no such list, or {@link #range} refuses a part of it
     */
    public static CpuSet parse(String list) {
        BitSet bits = new BitSet();
        String stripped = list.strip();
        if (!stripped.isEmpty()) {
            for (String item : stripped.split(",", -1)) {
                Matcher matcher = ITEM.matcher(item);
                if (!matcher.matches()) {
                    throw new IllegalArgumentException("a list of CPUs is like \"0-3,5\", not \"" + list + "\"");
                }
                String last = matcher.group(2);
                setRange(bits, Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(last == null ? matcher.group(1) : last));
            }
        }
        return new CpuSet(bits);
    }

    /**
     * The set that a mask of the kernel's stands for.
     *
     * @param mask words of 64 CPUs each, CPU 0 the lowest bit of the first; copied
     * @return the set
     * @throws IllegalArgumentException when it has a CPU beyond any kernel's (1,048,575)
     */
    public static CpuSet ofMask(long... mask) {
        BitSet bits = BitSet.valueOf(mask);
        if (!bits.isEmpty()) {
            requireCpu(bits.length() - 1);
        }
        return new CpuSet(bits);
    }

    /**
     * The CPUs that are running now: {@code /sys/devices/system/cpu/online}. Where that can't be read, those that the
     * calling thread may run on.
     *
     * <p>A container often may use fewer of them: {@link Affinity#current()} tells.
     *
     * @return the set
     */
    public static CpuSet online() {
        try {
            return parse(Files.readString(ONLINE));
        } catch (IOException noSysfs) {
            return Affinity.ask(Tid.CURRENT);
        }
    }

    /**
     * This set and one CPU more.
     *
     * @param cpu its number
     * @return the union
     * @throws IllegalArgumentException when it is negative, or beyond any kernel's CPUs (1,048,575)
     */
    public CpuSet with(int cpu) {
        BitSet union = (BitSet) bits.clone();
        union.set(requireCpu(cpu));
        return new CpuSet(union);
    }

    /**
     * Whether a CPU is in it.
     *
     * @param cpu any number
     * @return false also for what is no CPU's number
     */
    public boolean contains(int cpu) {
        return cpu >= 0 && bits.get(cpu);
    }

    /**
     * How many CPUs are in it.
     *
     * @return the number of CPUs
     */
    public int size() {
        return bits.cardinality();
    }

    /**
     * Whether none is in it.
     *
     * @return true for the empty set
     */
    public boolean isEmpty() {
        return bits.isEmpty();
    }

    /**
     * Its CPUs.
     *
     * @return their numbers, lowest first
     */
    public IntStream stream() {
        return bits.stream();
    }

    /**
     * As the kernel takes it.
     *
     * @return words of 64 CPUs each, CPU 0 the lowest bit of the first, up to the highest CPU in the set; none for the empty
     *         set. A copy.
     */
    public long[] toMask() {
        return bits.toLongArray();
    }

    /**
     * Whether the other is a set of the same CPUs.
     *
     * @param other what to compare with
     * @return true for equal sets
     */
    @Override
    public boolean equals(Object other) {
        return other instanceof CpuSet set && bits.equals(set.bits);
    }

    /**
     * The same for equal sets.
     *
     * @return the hash code
     */
    @Override
    public int hashCode() {
        return bits.hashCode();
    }

    /**
     * As the kernel writes it, and {@link #parse} reads it.
     *
     * @return "0-3,5"; "" for the empty set
     */
    @Override
    public String toString() {
        StringJoiner list = new StringJoiner(",");
        for (int first = bits.nextSetBit(0); first >= 0;) {
            int end = bits.nextClearBit(first);
            list.add(end == first + 1 ? Integer.toString(first) : first + "-" + (end - 1));
            first = bits.nextSetBit(end);
        }
        return list.toString();
    }
}
