package dev.linen.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;

class CpuSetTest {

    private static final int LAST = (1 << 20) - 1;

    @Test
    void of_anyOrderAndTwice_isTheSameSet() {
        CpuSet set = CpuSet.of(5, 0, 2, 1, 3, 0);
        assertEquals(CpuSet.range(0, 3).with(5), set);
        assertEquals(CpuSet.range(0, 3).with(5).hashCode(), set.hashCode());
        assertNotEquals(CpuSet.range(0, 3), set);
        assertArrayEquals(new int[]{0, 1, 2, 3, 5}, set.stream().toArray());
        assertEquals(5, set.size());
    }

    @Test
    void of_nothing_isEmpty() {
        CpuSet set = CpuSet.of();
        assertTrue(set.isEmpty());
        assertEquals(0, set.size());
        assertEquals("", set.toString());
        assertEquals(set, CpuSet.parse(""));
        assertEquals(0, set.toMask().length);
        assertFalse(CpuSet.of(0).isEmpty());
    }

    @Test
    void with_anotherCpu_leavesTheFirstSet() {
        CpuSet set = CpuSet.of(1);
        assertEquals(CpuSet.of(1, 64), set.with(64));
        assertEquals(CpuSet.of(1), set);
    }

    @Test
    void contains_anyNumber_isWhetherItIsThere() {
        CpuSet set = CpuSet.of(0, 70, LAST);
        assertTrue(set.contains(0));
        assertTrue(set.contains(70));
        assertTrue(set.contains(LAST));
        assertFalse(set.contains(1));
        assertFalse(set.contains(-1));
        assertFalse(set.contains(Integer.MIN_VALUE));
        assertFalse(set.contains(Integer.MAX_VALUE));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, 1 << 20, Integer.MAX_VALUE})
    void anyFactory_invalidNumber_isRefusedWithTheNumber(int cpu) {
        for (Runnable maker : new Runnable[]{() -> CpuSet.of(0, cpu), () -> CpuSet.of(1).with(cpu),
                () -> CpuSet.range(cpu, LAST), () -> CpuSet.range(0, cpu)}) {
            String message = assertThrows(IllegalArgumentException.class, maker::run).getMessage();
            assertEquals("the number of a CPU must be from 0 to 1048575, not " + cpu, message);
        }
    }

    @Test
    void range_downwards_isRefused() {
        assertEquals(CpuSet.of(3), CpuSet.range(3, 3));
        assertThrows(IllegalArgumentException.class, () -> CpuSet.range(3, 2));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "'0,1', 0-1", "'3,2,1,0,5', '0-3,5'", "'0-3,2-4', 0-4", "'63-64,66', '63-64,66'",
            "1048575, 1048575", "' 0-1\n', 0-1", "007, 7", "'',''", "'\n', ''"})
    void parse_list_printsAsTheKernelDoes(String list, String printed) {
        assertEquals(printed, CpuSet.parse(list).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {",", "0,", ",0", "0,,1", "-1", "1-", "0--1", "3-2", "0 1", "0, 1", "0x1", "all", "0-7:2/4",
            "١",
            "1048576", "0-1048576", "2147483648", "99999999999999999999", "0-1-2"})
    void parse_noList_isRefused(String list) {
        assertThrows(IllegalArgumentException.class, () -> CpuSet.parse(list));
    }

    @Test
    void parse_whatToStringPrinted_isTheSameSet() {
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            CpuSet set = CpuSet.of(random.ints(random.nextInt(40), 0, 130).toArray());
            assertEquals(set, CpuSet.parse(set.toString()));
            assertEquals(set, CpuSet.ofMask(set.toMask()));
        }
    }

    @Test
    void toMask_anySet_hasTheKernelsBits() {
        assertArrayEquals(new long[]{0b101}, CpuSet.of(0, 2).toMask());
        assertArrayEquals(new long[]{Long.MIN_VALUE, 1}, CpuSet.of(63, 64).toMask());
        assertArrayEquals(new long[]{0, 0, -1L}, CpuSet.range(128, 191).toMask());
    }

    @Test
    void maskAndSet_changedLater_dontChangeEachOther() {
        long[] mask = {1};
        CpuSet set = CpuSet.ofMask(mask);
        mask[0] = 2;
        set.toMask()[0] = 4;
        assertEquals(CpuSet.of(0), set);
    }

    @Test
    void ofMask_zerosAtTheEnd_isTheSameSet() {
        assertEquals(CpuSet.of(1), CpuSet.ofMask(2, 0, 0));
        assertEquals(CpuSet.of(), CpuSet.ofMask(new long[1 << 20]));
    }

    @Test
    void ofMask_cpuBeyondAnyKernels_isRefused() {
        long[] mask = new long[(1 << 14) + 1];
        mask[(1 << 14) - 1] = Long.MIN_VALUE;
        assertEquals(CpuSet.of(LAST), CpuSet.ofMask(mask));
        mask[1 << 14] = 1;
        assertThrows(IllegalArgumentException.class, () -> CpuSet.ofMask(mask));
    }

    @Test
    void online_read_isWhatTheFileSays() throws IOException {
        CpuSet online = CpuSet.online();
        assertEquals(Files.readString(Path.of("/sys/devices/system/cpu/online")).strip(), online.toString());
        assertTrue(Affinity.current().stream().allMatch(online::contains));
    }

    /** Runs on one CPU, so that the result differs from the file on a machine with more CPUs. */
    static final class WithoutFiles {
        public static void main(String[] arguments) {
            CpuSet last = CpuSet.of(CpuSet.online().stream().filter(Affinity.current()::contains).max().getAsInt());
            Affinity.setCurrent(last);
            FailingSyscall.of(SyscallNumber.OPENAT).with(Errno.EACCES);
            System.out.print(CpuSet.online().equals(last) ? "its own" : CpuSet.online());
        }
    }

    @Test
    void online_fileCantBeRead_isTheThreadsOwn() {
        ChildJvm.Result child = ChildJvm.of(WithoutFiles.class).run();
        assertEquals("its own", child.out(), child::toString);
    }

    @Test
    void anyMethod_null_isRefused() {
        assertThrows(NullPointerException.class, () -> CpuSet.of((int[]) null));
        assertThrows(NullPointerException.class, () -> CpuSet.ofMask((long[]) null));
        assertThrows(NullPointerException.class, () -> CpuSet.parse(null));
        assertNotEquals(null, CpuSet.of());
    }
}
