package dev.linen.cli;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.cli.ProcessMemory.Part;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;
import dev.linen.testing.Code;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThread.Kind;
import dev.linen.thread.StackPool;

class ProcessMemoryTest {

    static Region region(long start, long end, String name) {
        return new Region(start, end, Protection.READ, false, 0, "00:00", name.startsWith("/") ? 4711 : 0, name);
    }

    @ParameterizedTest
    @CsvSource({"[vdso], r-x, VDSO", "[vvar_vclock], r--, VDSO", "[vsyscall], --x, VDSO", "[heap], rw-, HEAP",
            "[stack], rw-, STACK", "/memfd:liblinen.so (deleted), r-x, LINEN_CODE", "'', rw-, ANONYMOUS",
            "'', r-x, JVM", "[anon: mine], rw-, ANONYMOUS", "/lib/libc.so.6, r-x, FILE_TEXT",
            "/lib/libc.so.6, rw-, FILE_DATA", "/jdk/lib/server/classes.jsa, rw-, JVM",
            "/tmp/hsperfdata_me/1, rw-, JVM"})
    void kind_ofAMappingOfTheJvm_isKnown(String name, String access, RegionKind kind) {
        assertEquals(kind, RegionKind.of(high(name, access), /* ofJvm */ true));
    }

    @Test
    void kind_ofAnonymousMemory_dependsOnTheProcessAndTheAddress() {
        Region low = region(0x7_0000_0000L, 0x7_1000_0000L, "");
        Region across = region(0xf_ffff_f000L, 0x10_0000_1000L, "");
        assertEquals(RegionKind.JVM, RegionKind.of(low, true));
        assertEquals(RegionKind.ANONYMOUS, RegionKind.of(low, false));
        assertEquals(RegionKind.ANONYMOUS, RegionKind.of(across, true));
        assertEquals(RegionKind.ANONYMOUS, RegionKind.of(high("", "r-x"), false));
    }

    private static Region high(String name, String access) {
        Protection protection = access.contains("w") ? Protection.READ_WRITE : Protection.READ;
        protection = access.contains("x") ? protection.with(Protection.EXEC) : protection;
        return new Region(0x7f00_0000_0000L, 0x7f00_0000_1000L, protection, false, 0, "00:00",
                name.startsWith("/") ? 4711 : 0, name);
    }

    @Test
    void parts_anonymousMemoryUnderAStackPointer_isThatThreadsStack() {
        ProcessMemory memory = new ProcessMemory(
                List.of(region(0x1000, 0x2000, ""), region(0x2000, 0x3000, ""), region(0x3000, 0x4000, "[heap]")),
                Map.of(0x2000L, "one", 0x3fffL, "two"));
        assertEquals(List.of(new Part(0x1000, 0x2000, "r--p", RegionKind.ANONYMOUS, ""),
                new Part(0x2000, 0x3000, "r--p", RegionKind.STACK, "one"),
                new Part(0x3000, 0x4000, "r--p", RegionKind.HEAP, "[heap]")), memory.parts());
    }

    @Test
    void mark_insideAMapping_cutsItInThree() {
        ProcessMemory memory = new ProcessMemory(List.of(region(0x1000, 0x5000, "")), Map.of());
        memory.mark(0x2000, 0x4000, RegionKind.LINEN_GUARD, "mine");
        Part rest = new Part(0x4000, 0x5000, "r--p", RegionKind.ANONYMOUS, "");
        assertEquals(List.of(new Part(0x1000, 0x2000, "r--p", RegionKind.ANONYMOUS, ""),
                new Part(0x2000, 0x4000, "---p", RegionKind.LINEN_GUARD, "mine"), rest), memory.parts());
        memory.mark(0x4000, 0x5000, RegionKind.LINEN_STACK, "too");
        assertEquals(new Part(0x4000, 0x5000, "r--p", RegionKind.LINEN_STACK, "too"), memory.parts().getLast());
        assertEquals(Map.of(RegionKind.ANONYMOUS, 0x1000L, RegionKind.LINEN_GUARD, 0x2000L, RegionKind.LINEN_STACK,
                0x1000L), memory.bytesByKind());
    }

    @Test
    void mark_overTwoMappings_marksBoth() {
        ProcessMemory memory = new ProcessMemory(List.of(region(0x1000, 0x3000, ""), region(0x3000, 0x5000, "")),
                Map.of());
        memory.mark(0x2000, 0x4000, RegionKind.LINEN_STACK, "mine");
        assertEquals(List.of(RegionKind.ANONYMOUS, RegionKind.LINEN_STACK, RegionKind.LINEN_STACK,
                RegionKind.ANONYMOUS), memory.parts().stream().map(Part::kind).toList());
    }

    private static List<Part> ofOneThread(Kind kind) {
        try (NativeThread thread = NativeThread.builder().kind(kind).pool(StackPool.bounded(0)).start(
                function("identity"), 1)) {
            ProcessMemory memory = new ProcessMemory(MemoryMap.read().regions(), Map.of());
            memory.mark(thread);
            return memory.parts().stream().filter(part -> part.name().startsWith("linen thread")).toList();
        }
    }

    @Test
    void mark_firstThreadOfASlab_marksAllFromTheSlabsBeginningOn() {
        List<Part> parts = ofOneThread(Kind.CLONE);
        List<String> expected = new ArrayList<>(List.of("---p TLS guard", "r--p TLS block", "rw-p control blocks",
                "---p outer guard", "rw-p signal stack", "---p guard", "rw-p stack"));
        if (!Code.isX86()) {
            Collections.swap(expected, 0, 1); // on aarch64, libc's storage would be above the thread pointer
        }
        assertEquals(expected,
                parts.stream().map(part -> part.access() + " " + part.name().replaceFirst(".*: ", "")).toList());
        for (int i = 1; i < parts.size(); i++) {
            assertEquals(parts.get(i - 1).end(), parts.get(i).start(), parts::toString);
        }
    }

    @Test
    void mark_threadOfLibcs_marksNoThreadLocalBlock() {
        assertEquals(4, ofOneThread(Kind.POSIX).size());
    }
}
