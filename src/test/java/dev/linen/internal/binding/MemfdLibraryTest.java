package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import dev.linen.function.CSource;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.ProcessState;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

class MemfdLibraryTest {

    private static final int E_TYPE = 16; // struct Elf64_Ehdr

    /** With the same path, the dynamic linker would return the first library again. */
    @Test
    void open_twoLibraries_eachHasItsOwnSymbols() throws IOException {
        SymbolLookup functions = MemfdLibrary.open(Files.readAllBytes(TestFunctions.path("functions")), "one");
        SymbolLookup linen = MemfdLibrary.open(Files.readAllBytes(Path.of("target/classes" + Platform.resource())),
                "two");
        assertTrue(functions.find("identity").isPresent());
        assertFalse(functions.find("linen_syscall").isPresent());
        assertTrue(linen.find("linen_syscall").isPresent());
        assertFalse(linen.find("identity").isPresent());
        assertEquals("/memfd:one (deleted)",
                MemoryMap.read().find(functions.find("identity").get().address()).orElseThrow().name());
    }

    @Test
    void open_garbage_tellsTheDynamicLinkersWordsAndLeavesNoFile() throws IOException {
        // A valid library with one changed byte: HotSpot prints a warning for a file without a PT_GNU_STACK header.
        byte[] garbage = Files.readAllBytes(TestFunctions.path("functions"));
        garbage[E_TYPE] = 1; // ET_REL
        assertThrows(IOException.class, () -> MemfdLibrary.open(garbage, "garbage"));
        int before = ProcessState.now().files();
        IOException refused = assertThrows(IOException.class, () -> MemfdLibrary.open(garbage, "garbage"));
        assertEquals("garbage: only ET_DYN and ET_EXEC can be loaded", refused.getMessage());
        assertEquals(before, ProcessState.now().files());
    }

    /** In a PID namespace of its own, with the /proc of the one outside: this process has two numbers. */
    static final class OtherNumber {
        public static void main(String... arguments) throws Exception {
            CSource c = CSource.compile("long twice(long x) { return 2 * x; }"); // a second library
            try (NativeThread thread = NativeThread.start(c.function("twice"), 3)) {
                System.out.print(thread.join());
            }
            System.out.print(", the process is " + Syscall.invoke(SyscallNumber.GETPID));
            if (Files.exists(Path.of("/proc/self/maps"))) {
                System.out.print(MemoryMap.read().regions().stream().map(Region::name)
                        .filter(name -> name.contains("liblinen")).distinct().toList());
            }
        }
    }

    @Test
    void open_procIsThatOfAnotherPidNamespace_usesTheNumberThere() {
        String[] outside = {"unshare", "-Urpf", "--kill-child"};
        Skip.unlessWorks(outside);
        Result result = ChildJvm.of(OtherNumber.class).wrappedIn(outside).run();
        assertEquals("6, the process is 1[/memfd:liblinen.so (deleted)]", result.out(), result::toString);
    }

    /** The library is loaded from a temporary file. */
    @Test
    void open_procDoesNotShowThisProcess_usesAFile() {
        String[] dead = {"unshare", "-Urmpf", "--kill-child", "sh", "-c",
                "unshare -pf mount -t proc proc /proc && exec \"$@\"", "sh"};
        Skip.unlessWorks(dead);
        Result result = ChildJvm.of(OtherNumber.class).wrappedIn(dead)
                .wrappedIn("env", "LD_LIBRARY_PATH=" + System.getProperty("java.home") + "/lib").run();
        assertEquals("6, the process is 1", result.out(), result::toString);
    }
}
