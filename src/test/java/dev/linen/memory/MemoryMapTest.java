package dev.linen.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.ProcessState;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Skip;

@NoLeaks
class MemoryMapTest {

    private static final long PAGE = Mapping.pageSize();

    @Test
    void parse_aLibrary_hasAllFields() {
        Region region = Region
                .parse("7f0c4a000000-7f0c4a002000 r-xp 00001000 fe:00 4711                 /usr/lib/libfoo.so");
        assertEquals(new Region(0x7f0c4a000000L, 0x7f0c4a002000L, Protection.READ_EXEC, /* shared */ false, 0x1000,
                "fe:00", 4711, "/usr/lib/libfoo.so"), region);
        assertEquals(0x2000, region.byteSize());
        assertFalse(region.isAnonymous());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a b", "/a  b", "/tmp/a file (deleted)", "/memfd:liblinen.so (deleted)", "//anon",
            "/a - b: c",
            "/a\\012b"})
    void parse_oddName_isTheWholeName(String name) {
        Region region = Region.parse("00400000-00401000 rw-s 00000000 00:01 99      " + name);
        assertEquals(name, region.name());
        assertTrue(region.shared());
        assertFalse(region.isAnonymous());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[heap]", "[stack]", "[anon: a name]", "[anon:.bss]"})
    void isAnonymous_noFile_isTrue(String name) {
        assertTrue(Region.parse("00400000-00401000 rw-p 00000000 00:00 0 " + name).isAnonymous());
    }

    @Test
    void parse_noNameAtAll_isEmpty() {
        assertEquals("", Region.parse("00400000-00401000 ---p 00000000 00:00 0 ").name());
        assertEquals("", Region.parse("00400000-00401000 ---p 00000000 00:00 0").name());
        assertEquals(Protection.NONE, Region.parse("00400000-00401000 ---p 00000000 00:00 0").protection());
    }

    @Test
    void parse_topmostRegion_isUnsigned() {
        Region vsyscall = Region.parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0      [vsyscall]");
        assertEquals(4096, vsyscall.byteSize());
        assertEquals(Protection.EXEC, vsyscall.protection());
        assertTrue(vsyscall.contains(0xffffffffff600000L));
        assertTrue(vsyscall.contains(0xffffffffff600fffL));
        assertFalse(vsyscall.contains(0xffffffffff601000L));
        assertFalse(vsyscall.contains(0x400000));
        assertFalse(vsyscall.contains(-1));
        assertFalse(vsyscall.isAnonymous());
    }

    @Test
    void contains_boundaries_areStartAndNotEnd() {
        Region region = Region.parse("00400000-00402000 r--p 00000000 00:00 0");
        assertFalse(region.contains(0x3fffff));
        assertTrue(region.contains(0x400000));
        assertTrue(region.contains(0x401fff));
        assertFalse(region.contains(0x402000));
    }

    @Test
    void read_now_isInOrderWithoutOverlap() {
        List<Region> regions = MemoryMap.read().regions();
        assertTrue(regions.size() > 20, () -> regions.size() + " only");
        for (int i = 1; i < regions.size(); i++) {
            assertTrue(Long.compareUnsigned(regions.get(i - 1).end(), regions.get(i).start()) <= 0);
            assertTrue(regions.get(i).byteSize() > 0);
        }
        assertTrue(regions.stream().anyMatch(region -> region.name().endsWith("/libjvm.so")));
        assertThrows(UnsupportedOperationException.class, () -> regions.remove(0));
    }

    @Test
    void find_boundariesOfAMapping_areFound() {
        try (Mapping memory = Mapping.anonymous(3 * PAGE, Protection.READ, MapFlags.SHARED)) {
            memory.protect(PAGE, PAGE, Protection.NONE); // makes the page a separate region
            MemoryMap map = MemoryMap.read();
            long start = memory.address() + PAGE;
            Region region = map.find(start).orElseThrow();
            assertEquals(start, region.start());
            assertEquals(start + PAGE, region.end());
            assertEquals(Optional.of(region), map.find(start + PAGE - 1));
            assertEquals(Protection.READ, map.find(start - 1).orElseThrow().protection());
            assertEquals(Protection.READ, map.find(start + PAGE).orElseThrow().protection());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE})
    void find_nothingThere_isEmpty(long address) {
        assertEquals(Optional.empty(), MemoryMap.read().find(address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b  c", "ä€\u4f60", "line\nfeed", "carriage\rreturn", "tab\t"})
    void read_fileOfThatName_isFoundUnderIt(String name, @TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "x");
        try (Mapping mapped = Mapping.file(file)) {
            // The kernel writes a line feed as \012.
            assertEquals(file.toString().replace("\n", "\\012"),
                    MemoryMap.read().find(mapped.address()).orElseThrow().name());
            Files.delete(file);
            assertTrue(MemoryMap.read().find(mapped.address()).orElseThrow().name().endsWith(" (deleted)"));
        }
    }

    /** Only checks regions that still exist after the query, because the JVM maps and unmaps memory meanwhile. */
    static final class AskForAll {
        public static void main(String... arguments) {
            if (arguments.length > 0) {
                SeccompFilter.refuse(SyscallNumber.IOCTL, Kernel.ENOTTY);
            }
            int asked = 0;
            for (Region region : MemoryMap.read().regions()) {
                for (long address : new long[]{region.start(), region.end() - 1}) {
                    Optional<Region> answer = MemoryMap.regionAt(address);
                    if (!answer.equals(Optional.of(region)) && MemoryMap.read().regions().contains(region)) {
                        System.out.print(address + " is in " + region + ", not in " + answer + "\n");
                    }
                    asked++;
                }
            }
            for (long nowhere : new long[]{0, 1, Long.MAX_VALUE}) {
                MemoryMap.regionAt(nowhere).ifPresent(region -> System.out.print(nowhere + " is in " + region + "\n"));
            }
            System.out.print(asked > 40 ? "asked" : "asked only " + asked);
        }
    }

    @Test
    void regionAt_anyRegion_isTheOneOfTheSnapshot() {
        ChildJvm.Result child = ChildJvm.of(AskForAll.class).flags("-XX:+UseSerialGC").run();
        assertEquals("asked", child.out(), child::toString);
    }

    @Test
    void regionAt_queryFails_readsTheFile() {
        ChildJvm.Result child = ChildJvm.of(AskForAll.class).flags("-XX:+UseSerialGC").run("without ioctl");
        assertEquals("asked", child.out(), child::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b  c", "ä€\u4f60", "line\nfeed", "carriage\rreturn"})
    void regionAt_fileOfThatName_isAsInTheSnapshot(String name, @TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "x");
        try (Mapping mapped = Mapping.file(file, Protection.READ_WRITE, MapFlags.SHARED)) {
            assertEquals(MemoryMap.read().find(mapped.address()), MemoryMap.regionAt(mapped.address()));
            Files.delete(file);
            assertEquals(MemoryMap.read().find(mapped.address()), MemoryMap.regionAt(mapped.address()));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE})
    void regionAt_nothingThere_isEmpty(long address) {
        assertEquals(Optional.empty(), MemoryMap.regionAt(address));
    }

    @Test
    void regionAt_always_leavesNoFileOpen() {
        MemoryMap.regionAt(0);
        int before = ProcessState.now().files();
        MemoryMap.regionAt(0);
        MemoryMap.regionAt(-1);
        assertEquals(before, ProcessState.now().files());
    }

    /** Makes sure that the query is tested, not only the fallback. */
    @Test
    void regionQuery_onThisKernel_isAnswered() {
        try (Mapping memory = Mapping.anonymous(PAGE, Protection.NONE, MapFlags.SHARED)) {
            assertEquals(MemoryMap.read().find(memory.address()),
                    RegionQuery.lineAt(memory.address(), MemoryMap.FILE).map(MemoryMap.Region::parse));
        } catch (SyscallException unanswered) {
            assertEquals(Errno.ENOTTY, unanswered.errno());
            Skip.because("this kernel has no PROCMAP_QUERY: " + unanswered.getMessage());
        }
    }

    @Test
    void read_anotherProcess_hasItsMappings() throws Exception {
        Process sleeping = new ProcessBuilder("sleep", "60").start();
        try {
            assertTrue(MemoryMap.read(sleeping.pid()).regions().stream()
                    .anyMatch(region -> region.name().equals("[stack]")));
        } finally {
            sleeping.destroyForcibly().waitFor();
        }
        UncheckedIOException none = assertThrows(UncheckedIOException.class, () -> MemoryMap.read(sleeping.pid()));
        assertEquals("the mappings of process " + sleeping.pid() + " can't be read", none.getMessage());
    }

    /** A zombie has ended, but its parent hasn't waited for it. It is still in /proc, and has no mappings. */
    @Test
    void read_zombie_isEmpty() throws Exception {
        // The child ends when its parent has become another program: a shell could wait for it.
        Process parent = new ProcessBuilder("sh", "-c",
                "(until [ \"$(cat /proc/$$/comm)\" = sleep ]; do :; done) & echo $!; exec sleep 60").start();
        try (BufferedReader reader = parent.inputReader()) {
            long zombie = Long.parseLong(reader.readLine());
            while (!Files.readString(Path.of("/proc/" + zombie + "/stat")).contains(") Z ")) {
                Thread.onSpinWait();
            }
            assertEquals(List.of(), MemoryMap.read(zombie).regions());
        } finally {
            parent.destroyForcibly().waitFor();
        }
    }

    @Test
    void toString_ofARegion_isTheKernelsLine() {
        for (String line : List.of("7f0c2c361000-7f0c2c363000 r-xp 00001000 fe:00 4711 /usr/lib/lib foo.so",
                "00400000-00401000 rw-s 00000000 00:00 0",
                "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]")) {
            assertEquals(line, MemoryMap.Region.parse(line).toString());
        }
    }
}
