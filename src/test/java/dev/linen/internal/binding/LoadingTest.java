package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Joining;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

/** Tests each way of loading liblinen.so. */
class LoadingTest {

    private static final String MEMFD = "/memfd:liblinen.so (deleted)";

    private static final Path LIBRARY = Path.of("target/classes" + Platform.resource()).toAbsolutePath();

    /**
     * Makes a system call and runs a thread; then prints where the library was loaded from, and which files are open.
     */
    static final class Smoke {
        public static void main(String... arguments) throws IOException {
            if (arguments.length > 0 && arguments[0].equals("without memfd_create")) {
                SeccompFilter.refuse(SyscallNumber.MEMFD_CREATE, Kernel.EPERM);
            }
            boolean pid = Syscall.invoke(SyscallNumber.GETPID) == ProcessHandle.current().pid();
            long joined;
            try (NativeThread thread = NativeThread.start(TestFunctions.function("identity"), 7)) {
                joined = Joining.join(thread);
            }
            String report = (pid ? "pid, " : "wrong pid, ") + joined + ", from " + loaded() + ", open " + open();
            if (arguments.length > 0 && arguments[0].startsWith("/")) {
                Files.writeString(Path.of(arguments[0]), report);
            } else {
                System.out.print(report);
            }
        }

        private static List<String> loaded() {
            return MemoryMap.read().regions().stream().map(Region::name).filter(name -> name.contains("liblinen"))
                    .distinct().toList();
        }

        private static List<String> open() throws IOException {
            try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
                return fds.map(fd -> {
                    try {
                        return Files.readSymbolicLink(fd).toString();
                    } catch (IOException closed) {
                        return "";
                    }
                }).filter(name -> name.contains("liblinen")).toList();
            }
        }
    }

    private static void assertWorks(String from, Result result) {
        String open = from.equals(MEMFD) ? MEMFD : ""; // a memfd stays open, for debuggers
        assertEquals("pid, 7, from [" + from + "], open [" + open + "]", result.out(), result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+UseParallelGC",
            "-XX:+UseG1GC",
            "-XX:+UseZGC", "-Xcheck:jni -Ddev.linen.faults=off" /* it warns of replaced handlers */,
            "-Djava.io.tmpdir=/proc" /* read-only */})
    void load_underAnyFlag_worksFromAMemfd(String flag) {
        assertWorks(MEMFD, ChildJvm.of(Smoke.class).flags(flag.split(" ")).run());
    }

    @Test
    void load_standardFilesClosed_works(@TempDir Path directory) throws IOException {
        Path report = directory.resolve("report");
        Result result = ChildJvm.of(Smoke.class).wrappedIn("sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh")
                .run(report.toString());
        assertTrue(Files.exists(report), result::toString);
        assertEquals("pid, 7, from [" + MEMFD + "], open [" + MEMFD + "]", Files.readString(report));
    }

    @Test
    void load_memfdRefused_worksFromAFileThatIsDeleted(@TempDir Path directory) {
        Result result = ChildJvm.of(Smoke.class).flags("-Djava.io.tmpdir=" + directory).run("without memfd_create");
        String name = result.out().replaceFirst(".*from \\[(.*)\\], open.*", "$1");
        assertTrue(name.matches(directory + "/liblinen-\\w+\\.so \\(deleted\\)"), result::toString);
        assertWorks(name, result);
        assertEquals(List.of(), namesIn(directory));
    }

    /** Since Linux 6.3, executable memfds can be forbidden. The setting belongs to a pid namespace. */
    @Test
    void load_executableMemfdsForbidden_worksFromAMemfd() throws IOException, InterruptedException {
        String[] wrapper = {"unshare", "-pfm", "--mount-proc", "sh", "-c",
                "echo 2 > /proc/sys/vm/memfd_noexec && \"$@\"",
                "sh"};
        assumeWorks("can't create a pid namespace with vm.memfd_noexec=2", wrapper);
        assertWorks(MEMFD, ChildJvm.of(Smoke.class).wrappedIn(wrapper).run());
    }

    @Test
    void load_tmpIsNoexec_worksFromAMemfd(@TempDir Path directory) throws IOException, InterruptedException {
        String[] wrapper = noexec(directory);
        assertWorks(MEMFD, ChildJvm.of(Smoke.class).wrappedIn(wrapper).flags("-Djava.io.tmpdir=" + directory).run());
    }

    @Test
    void load_tmpIsNoexecAndMemfdRefused_tellsBothAndTheRemedy(@TempDir Path directory)
            throws IOException, InterruptedException {
        Result result = ChildJvm.of(Smoke.class).wrappedIn(noexec(directory)).flags("-Djava.io.tmpdir=" + directory)
                .run("without memfd_create");
        assertTrue(result.err()
                .matches("(?s).*java\\.lang\\.UnsatisfiedLinkError: linen can't load its native library\\. "
                        + "Tried: a memfd: memfd_create failed [^;]*; " + directory + "/liblinen-\\w+\\.so: [^;]*"
                        + "failed to map segment[^;]*. Remedy: set -Ddev\\.linen\\.library\\.path=DIRECTORY .*noexec\n"
                        + ".*"),
                result::toString);
    }

    private static String[] noexec(Path directory) throws IOException, InterruptedException {
        String[] wrapper = {"unshare", "-m", "sh", "-c",
                "mount -t tmpfs -o noexec none '" + directory + "' && exec \"$@\"", "sh"};
        assumeWorks("can't create a mount namespace with a noexec tmpfs", wrapper);
        return wrapper;
    }

    private static void assumeWorks(String otherwise, String... wrapper) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Stream.concat(Stream.of(wrapper), Stream.of("true")).toList())
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        Skip.unless(process.waitFor() == 0, otherwise + ": " + output);
    }

    @Test
    void load_directoryWithTheLibrary_usesThat(@TempDir Path directory) throws IOException {
        Path library = Files.copy(LIBRARY, directory.resolve("liblinen.so"));
        assertWorks(library.toString(), runFrom(directory));
    }

    @Test
    void load_emptyDirectory_usesACopyThatIsDeleted(@TempDir Path directory) {
        Result result = runFrom(directory);
        String name = result.out().replaceFirst(".*from \\[(.*)\\], open.*", "$1");
        assertTrue(name.startsWith(directory + "/liblinen-"), result::toString);
        assertWorks(name, result);
        assertEquals(List.of(), namesIn(directory));
    }

    @Test
    void load_missingDirectory_tellsItAndTheRemedy(@TempDir Path directory) {
        Path missing = directory.resolve("missing");
        Result result = runFrom(missing);
        assertTrue(result.err().contains("UnsatisfiedLinkError: linen can't load its native library. Tried: a file in "
                + missing + ": it can't be created (java.nio.file.NoSuchFileException: " + missing), result::toString);
        assertTrue(result.err().contains("Remedy: set -Ddev.linen.library.path=DIRECTORY"), result::toString);
    }

    @Test
    void load_garbage_tellsTheDynamicLinkersWords(@TempDir Path directory) throws IOException {
        Path library = Files.writeString(directory.resolve("liblinen.so"), "garbage");
        Result result = runFrom(directory);
        assertTrue(result.err().contains("Tried: " + library + ": " + library + ": file too short"), result::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"const unsigned linen_abi = 99;", "int nothing;"})
    void load_otherAbi_isRefusedWithTheWayOut(String source, @TempDir Path directory)
            throws IOException, InterruptedException {
        Path c = Files.writeString(directory.resolve("other.c"), source);
        Process cc = new ProcessBuilder("cc", "-shared", "-fPIC", "-nostdlib", "-o",
                directory.resolve("liblinen.so").toString(), c.toString()).inheritIO().start();
        assertEquals(0, cc.waitFor());
        Result result = runFrom(directory);
        assertTrue(result.err()
                .contains("UnsatisfiedLinkError: the liblinen.so that was loaded belongs to another version "
                        + "of linen (its ABI version is " + (source.contains("99") ? 99 : 0) + ", but must be "),
                result::toString);
        assertTrue(result.err().contains("remove it from the directory that dev.linen.library.path names"),
                result::toString);
    }

    private static Result runFrom(Path directory) {
        return ChildJvm.of(Smoke.class).flags("-Ddev.linen.library.path=" + directory).run();
    }

    private static List<String> namesIn(Path directory) {
        return List.of(directory.toFile().list());
    }

    /** Simulates an application server with linen in two applications. */
    static final class TwoClassLoaders {
        public static void main(String... arguments) throws ReflectiveOperationException, IOException {
            URL[] path = Stream.of(System
                    .getProperty("jdk.module.path", System.getProperty("java.class.path")).split(File.pathSeparator))
                    .map(entry -> {
                        try {
                            return Path.of(entry).toUri().toURL();
                        } catch (IOException impossible) {
                            throw new AssertionError(impossible);
                        }
                    }).toArray(URL[]::new);
            for (int i = 0; i < 2; i++) {
                // No parent, because the platform class loader would find linen in the boot layer.
                URLClassLoader loader = new URLClassLoader(path, null);
                Object pid = loader.loadClass("dev.linen.syscall.Syscall").getMethod("invoke", long.class).invoke(null,
                        SyscallNumber.GETPID);
                System.out.print(pid.equals(ProcessHandle.current().pid()) ? "pid, " : pid);
            }
            System.out.print(MemoryMap.read().regions().stream().filter(region -> region.name().equals(MEMFD))
                    .map(Region::inode).collect(Collectors.toSet()).size());
        }
    }

    @Test
    void load_twoClassLoaders_eachHasItsOwn() {
        Result result = ChildJvm.of(TwoClassLoaders.class).flags("--enable-native-access=ALL-UNNAMED").run();
        assertEquals("pid, pid, 2", result.out(), result::toString);
    }
}
