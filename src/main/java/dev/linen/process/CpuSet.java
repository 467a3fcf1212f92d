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
 * A set of CPUs, identified by the kernel's numbers for them: C's {@code cpu_set_t}, of any length.
 *
 * <p>A set is immutable, and equal to any other set of the same CPUs. The CPUs need not exist. An empty set is legal,
 * but no thread can be bound to it.
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

    /**
     * A limit far above that of any kernel (x86-64: 8192). With it, a wrong number throws an exception instead of
     * allocating a huge mask.
     */
    private static final int MOST_CPUS = AffinityMask.MOST_CPUS;

    private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");

    /** "5" or "0-3". Numbers of more than nine digits don't match, so that they can be parsed as an int. */
    private static final Pattern ITEM = Pattern.compile("([0-9]{1,9})(?:-([0-9]{1,9}))?");

    /** Not modified after construction. */
    private final BitSet bits;

    private CpuSet(BitSet bits) {
        this.bits = bits;
    }

    /**
     * Returns the set of these CPUs.
     *
     * @param cpus the numbers of the CPUs, from 0, in any order; none for the empty set
     * @return the set
     * @throws IllegalArgumentException if a number is negative or greater than 1,048,575
     */
    public static CpuSet of(int... cpus) {
        BitSet bits = new BitSet();
        for (int cpu : cpus) {
            bits.set(requireCpu(cpu));
        }
        return new CpuSet(bits);
    }

    /**
     * Returns a range of CPUs.
     *
     * @param first the lowest number
     * @param last the highest number, inclusive
     * @return the set
     * @throws IllegalArgumentException if a number is negative or greater than 1,048,575, or if {@code last} is less
     *         than {@code first}
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
            throw new IllegalArgumentException("the last CPU of a range must not be less than the first, as in " + first
                    + "-" + last);
        }
        bits.set(first, last + 1);
    }

    private static int requireCpu(int cpu) {
        if (cpu < 0 || cpu >= MOST_CPUS) {
            throw new IllegalArgumentException("the number of a CPU must be from 0 to " + (MOST_CPUS - 1) + ", not "
                    + cpu);
        }
        return cpu;
    }

    /**
     * Parses a list of CPUs in the kernel's format, which {@code /sys/devices/system/cpu} and {@code taskset -c} use.
     *
     * @param list numbers and ranges, separated by commas: "0-3,5"; "" is the empty set; white space before and after
     *        the list is ignored
     * @return the set
     * @throws IllegalArgumentException if the list doesn't have this format, or if {@link #range} would reject a part
     *         of it
     */
    public static CpuSet parse(String list) {
        BitSet bits = new BitSet();
        String stripped = list.strip();
        if (!stripped.isEmpty()) {
            for (String item : stripped.split(",", -1)) {
                Matcher matcher = ITEM.matcher(item);
                if (!matcher.matches()) {
                    throw new IllegalArgumentException("a list of CPUs must look like \"0-3,5\", not \"" + list + "\"");
                }
                String last = matcher.group(2);
                setRange(bits, Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(last == null ? matcher.group(1) : last));
            }
        }
        return new CpuSet(bits);
    }

    /**
     * Returns the set for a CPU mask of the kernel.
     *
     * @param mask words of 64 bits, one bit for each CPU; CPU 0 is the lowest bit of the first word. The array is
     *        copied
     * @return the set
     * @throws IllegalArgumentException if the mask contains a CPU greater than 1,048,575
     */
    public static CpuSet ofMask(long... mask) {
        BitSet bits = BitSet.valueOf(mask);
        if (!bits.isEmpty()) {
            requireCpu(bits.length() - 1);
        }
        return new CpuSet(bits);
    }

    /**
     * Returns the CPUs that are online: {@code /sys/devices/system/cpu/online}. If that file can't be read, it returns
     * the CPUs that the calling thread may run on.
     *
     * <p>A container may often use only some of them, see {@link Affinity#current()}.
     *
     * @return the set
     */
    public static CpuSet online() {
        try {
            return parse(Files.readString(ONLINE));
        } catch (IOException noSysfs) {
            return ofMask(AffinityMask.of(Tid.CURRENT));
        }
    }

    /**
     * Returns the union of this set and one more CPU.
     *
     * @param cpu the number of the CPU
     * @return the union
     * @throws IllegalArgumentException if the number is negative or greater than 1,048,575
     */
    public CpuSet with(int cpu) {
        BitSet union = (BitSet) bits.clone();
        union.set(requireCpu(cpu));
        return new CpuSet(union);
    }

    /**
     * Returns whether a CPU is in this set.
     *
     * @param cpu any number
     * @return true if the CPU is in this set; false for a number that no CPU can have
     */
    public boolean contains(int cpu) {
        return cpu >= 0 && bits.get(cpu);
    }

    /**
     * Returns the number of CPUs in this set.
     *
     * @return the number of CPUs
     */
    public int size() {
        return bits.cardinality();
    }

    /**
     * Returns whether this set is empty.
     *
     * @return true if it contains no CPU
     */
    public boolean isEmpty() {
        return bits.isEmpty();
    }

    /**
     * Returns the CPUs in this set.
     *
     * @return the numbers of the CPUs, lowest first
     */
    public IntStream stream() {
        return bits.stream();
    }

    /**
     * Returns this set as a CPU mask of the kernel.
     *
     * @return a new array of words of 64 bits, one bit for each CPU, up to the highest CPU in this set; CPU 0 is the
     *         lowest bit of the first word. The array is empty for the empty set
     */
    public long[] toMask() {
        return bits.toLongArray();
    }

    /**
     * Returns whether another object is a set of the same CPUs.
     *
     * @param other the object to compare with
     * @return true if both are equal
     */
    @Override
    public boolean equals(Object other) {
        return other instanceof CpuSet set && bits.equals(set.bits);
    }

    /**
     * Returns a hash code, which is the same for equal sets.
     *
     * @return the hash code
     */
    @Override
    public int hashCode() {
        return bits.hashCode();
    }

    /**
     * Returns this set in the kernel's format, which {@link #parse} accepts.
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
