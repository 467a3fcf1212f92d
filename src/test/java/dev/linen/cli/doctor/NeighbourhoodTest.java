package dev.linen.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;
import dev.linen.thread.FaultContainment;

/** With a proc and a sys of its own. */
class NeighbourhoodTest {

    @TempDir
    private Path root = Path.of("");

    private String fact(String name, Region... regions) {
        return Objects.requireNonNull(new Neighbourhood(root).facts(25, List.of(regions), "").get(name));
    }

    private void file(String path, String content) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, content);
    }

    private static Region region(String name, long inode) {
        return new Region(0x1000, 0x2000, Protection.READ, false, 0, "00:01", inode, name);
    }

    private static Region code(String name) {
        return new Region(0x1000, 0x2000, Protection.READ_EXEC, false, 0, "00:01", 1, name);
    }

    @Test
    void debugger_tracer_isNamed() throws IOException {
        file("proc/self/status", "Name:\tjava\nTracerPid:\t0\n");
        assertEquals("none", fact("debugger", region("/jdk/lib/libjvm.so", 1)));
        assertEquals("unknown", fact("debugger"));
        assertEquals("an agent in the JVM: /jdk/lib/libjdwp.so", fact("debugger", code("/jdk/lib/libjdwp.so")));
        file("proc/self/status", "Name:\tjava\nTracerPid:\t4711\n");
        file("proc/4711/comm", "gdb\n");
        assertEquals("process 4711 (gdb) traces this one: it sees each fault before linen does", fact("debugger"));
    }

    @Test
    void debugger_agentOfAnyName_isNamed() throws IOException {
        file("agent.so", "\177ELF...\0JNI_OnLoad\0Agent_OnAttach\0memcpy\0");
        file("no-agent.so", "\177ELF...\0JNI_OnLoad\0Agent_OnAttached\0memcpy\0");
        assertEquals("an agent in the JVM: " + root + "/agent.so",
                fact("debugger", code("[vdso]"), code(root + "/no-agent.so"), code(root + "/agent.so")));
        assertEquals("none", fact("debugger", code(root + "/no-agent.so"), region(root + "/agent.so", 1)));
        assertEquals("none", fact("debugger", code(System.getProperty("java.home") + "/lib/server/libjvm.so")));
    }

    @ParameterizedTest
    @CsvSource({"0, none", "2, 'yes: it may refuse calls, and a native thread has it too'", "1, unknown"})
    void seccomp_mode_isRead(String mode, String text) throws IOException {
        file("proc/self/status", "NoNewPrivs:\t1\nSeccomp:\t" + mode + "\nSeccomp_filters:\t1\n");
        assertEquals(text, fact("seccomp filter"));
    }

    @Test
    void hugePages_setting_isTheOneInBrackets() throws IOException {
        assertEquals("unknown", fact("huge pages"));
        file("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        assertEquals("madvise", fact("huge pages"));
        file("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
        assertTrue(fact("huge pages").startsWith("always: "), fact("huge pages"));
    }

    @Test
    void pidsMax_ofAGroupAndThoseAround_isTheLeast() throws IOException {
        assertEquals("unlimited, or unknown", fact("cgroup's pids.max"));
        file("proc/self/cgroup", "0::/outer/inner\n");
        file("sys/fs/cgroup/outer/inner/pids.max", "max\n");
        assertEquals("unlimited, or unknown", fact("cgroup's pids.max"));
        file("sys/fs/cgroup/outer/pids.max", "30\n");
        assertEquals("30", fact("cgroup's pids.max"));
        file("sys/fs/cgroup/outer/inner/pids.max", "100\n");
        assertEquals("30", fact("cgroup's pids.max"));
        file("sys/fs/cgroup/outer/inner/pids.max", "7\n");
        assertEquals("7", fact("cgroup's pids.max"));
        file("proc/self/cgroup", "9:name=systemd:/\n8:cpu,pids:/old\n0::/\n");
        file("sys/fs/cgroup/pids/old/pids.max", "12\n");
        assertEquals("12", fact("cgroup's pids.max"));
    }

    @Test
    void copies_ofLinen_areCountedByTheirFiles() {
        Region[] one = {region("/memfd:liblinen.so (deleted)", 5), region("/memfd:liblinen.so (deleted)", 5),
                region("/usr/lib/libjvm.so", 6)};
        assertEquals("1", fact("copies of linen", one));
        assertEquals("2: one for each class loader; put linen into a loader that all share",
                fact("copies of linen", one[0], one[2], region("/tmp/liblinen-123.so (deleted)", 7)));
        assertEquals("0", fact("copies of linen", region("/jdk/lib/libjvm.so", 1)));
        assertEquals("unknown", fact("copies of linen"));
    }

    @Test
    void newestJdk_ofTheBuild_isThePoms() throws IOException {
        assertTrue(Files.readString(Path.of("pom.xml"))
                .contains("<jdk.newest>" + Neighbourhood.newestJdk() + "</jdk.newest>"));
    }

    @Test
    void testedJdk_newerOne_isNamed() {
        int newest = Neighbourhood.newestJdk();
        assertEquals("yes", new Neighbourhood(root).facts(newest, List.of(), "").get("tested JDK"));
        assertEquals("no: " + (newest + 1) + " is newer than " + newest + ", the newest that linen was tested with",
                new Neighbourhood(root).facts(newest + 1, List.of(), "").get("tested JDK"));
    }

    @Test
    void handlers_whereverLinensAre_areDescribed() {
        assertEquals("the JVM's; linen's are in front of them",
                Neighbourhood.describe(Map.of(), FaultContainment.ON));
        assertEquals(
                "besides the JVM's, other code's: {SIGSEGV=/x.so}; linen's have been replaced: a fault on a native "
                        + "thread is contained only if the new ones call those before them",
                Neighbourhood.describe(Map.of("SIGSEGV", "/x.so"), FaultContainment.REPLACED));
        assertTrue(Neighbourhood.describe(Map.of(), FaultContainment.OFF).contains("ends the process"));
    }
}
