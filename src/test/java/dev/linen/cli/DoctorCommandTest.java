package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

import dev.linen.cli.doctor.KernelFeature;
import dev.linen.function.MachineCode;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Advice;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.ApplicationLoader;
import dev.linen.testing.Code;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

class DoctorCommandTest {

    private static JsonObject doctorHere() {
        StringWriter out = new StringWriter();
        CommandLine linen = LinenCommand.commandLine().setOut(new PrintWriter(out));
        assertEquals(0, linen.execute("doctor", "--json"), out::toString);
        return JsonParser.parseString(out.toString()).getAsJsonObject();
    }

    /** The output, each row as one line. */
    static String unbroken(Result child) {
        return child.out().replaceAll("\n( {21}| {4})(?=\\S)", " ");
    }

    private static void assertFails(String finding, String remedy, Result child) {
        assertEquals(1, child.exitStatus(), child::toString);
        List<String> lines = unbroken(child).lines().toList();
        assertEquals("a native thread      " + finding, lines.get(lines.size() - 2), child::toString);
        assertEquals("linen doesn't work here. Remedy: " + remedy, lines.getLast(), child::toString);
    }

    @Test
    void doctor_here_findsThatItWorks() {
        JsonObject found = doctorHere();
        assertEquals(List.of("works", "system", "limits", "features", "process", "thread", "remedy"),
                List.copyOf(found.keySet()));
        assertTrue(found.get("works").getAsBoolean());
        assertTrue(found.get("thread").getAsString().matches("started as \\d+, joined"), found::toString);
        assertEquals("", found.get("remedy").getAsString());
        assertEquals(Arrays.stream(KernelFeature.values()).map(KernelFeature::title).toList(),
                List.copyOf(found.getAsJsonObject("features").keySet()));
    }

    @Test
    void doctor_here_knowsWhatElseIsInTheProcess() {
        JsonObject process = doctorHere().getAsJsonObject("process");
        assertEquals(List.of("signal handlers", "copies of linen", "debugger", "seccomp filter", "huge pages",
                "cgroup's pids.max", "tested JDK"), List.copyOf(process.keySet()));
    }

    /** Installs a handler of another library, as a crash reporter does, and asks doctor. */
    static final class WithACrashReporter {
        public static void main(String... arguments) throws Throwable {
            MemorySegment install = TestFunctions.library("crash_reporter").find("install_crash_reporter")
                    .orElseThrow();
            long failed = (long) Linker.nativeLinker().downcallHandle(install,
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG)).invokeExact(0L);
            assertEquals(0, failed);
            System.exit(LinenCommand.commandLine().execute("doctor"));
        }
    }

    @Test
    void doctor_otherHandlers_areNamed() {
        Result plain = ChildJvm.of(LinenCommand.class).run("doctor");
        assertTrue(plain.out().contains("\nsignal handlers      the JVM's; linen's are in front of them\n"),
                plain::toString);
        assertTrue(plain.out().contains("\ncopies of linen      1\n"), plain::toString);
        Result child = ChildJvm.of(WithACrashReporter.class).run();
        assertTrue(
                unbroken(child).lines().anyMatch(line -> line.matches("signal handlers      besides the JVM's, other "
                        + "code's: .*SIGSEGV=/.*/crash_reporter.so.*; linen's are in front of them")),
                child::toString);
    }

    /** Run by another application's linen, which so installs its handlers first. */
    public static final class StartsAThread implements Callable<Long> {
        @Override
        public Long call() throws InterruptedException {
            try (NativeThread thread = NativeThread.start(MachineCode.of(Code.identity()).function(), 7)) {
                return thread.join();
            }
        }
    }

    static final class WithASecondLinen {
        public static void main(String... arguments) throws Exception {
            try (ApplicationLoader other = new ApplicationLoader("other")) {
                assertEquals(7L, ((Callable<?>) other.create(StartsAThread.class)).call());
                System.exit(LinenCommand.commandLine().execute("doctor"));
            }
        }
    }

    @Test
    void doctor_secondLinen_isCountedAndNoOtherCode() {
        Result child = ChildJvm.of(WithASecondLinen.class).onClassPath()
                .flags("--enable-native-access=ALL-UNNAMED").run();
        assertTrue(child.out().contains("\nsignal handlers      the JVM's; linen's are in front of them\n"),
                child::toString);
        assertTrue(unbroken(child).contains("\ncopies of linen      2: one for each class loader; "), child::toString);
    }

    /** A kernel with the call returns the error that the probe expects; a kernel without it, ENOSYS or ENOTTY. */
    @Test
    void doctor_here_understandsWhatTheKernelAnswers() {
        JsonObject features = doctorHere().getAsJsonObject("features");
        for (KernelFeature feature : KernelFeature.values()) {
            String answer = features.get(feature.title()).getAsString();
            boolean old = feature == KernelFeature.GUARD_INSTALL && answer.equals("EINVAL");
            assertTrue(old || !Set.of("EINVAL", "EFAULT", "EBADF").contains(answer), features::toString);
        }
    }

    @Test
    void doctor_here_knowsTheSystem() throws Exception {
        JsonObject system = doctorHere().getAsJsonObject("system");
        assertEquals(List.of("kernel", "cpu", "java", "libc", "C compiler", "native access"),
                List.copyOf(system.keySet()));
        String release = Files.readAllLines(Path.of("/proc/sys/kernel/osrelease")).getFirst();
        assertEquals("Linux " + release, system.get("kernel").getAsString());
        assertTrue(system.get("java").getAsString().startsWith(Runtime.version().toString()));
        assertTrue(system.get("libc").getAsString().matches("(glibc|musl) \\d+\\.\\d+.*"), system::toString);
        assertEquals("granted to dev.linen", system.get("native access").getAsString());
    }

    @Test
    void doctor_underLimits_printsThem() throws Exception {
        Result child = ChildJvm.of(LinenCommand.class)
                .wrappedIn("sh", "-c", "ulimit -S -s 4096; ulimit -H -s 16384; exec \"$@\"", "sh").run("doctor");
        String maximum = Files.readAllLines(Path.of("/proc/sys/vm/max_map_count")).getFirst();
        assertTrue(unbroken(child).contains("\nvm.max_map_count     " + maximum + "\n"), child::toString);
        assertTrue(unbroken(child).contains("\nRLIMIT_STACK         4194304, can be raised to 16777216\n"),
                child::toString);
        assertTrue(child.out().endsWith("\nlinen works here.\n"), child::toString);
        assertEquals(0, child.exitStatus());
    }

    @Test
    void doctor_longRows_goOnBelowTheirValues() {
        Result child = ChildJvm.of(WithACrashReporter.class).run();
        String path = "/.*/crash_reporter.so";
        assertTrue(Pattern.compile("\nsignal handlers      besides the JVM's, other code's:.*\n {21}\\S")
                .matcher(child.out())
                .find(), child::toString);
        assertEquals(List.of(), child.out().lines().map(line -> line.replaceAll(path, "PATH"))
                .filter(line -> line.length() > 80).toList());
        Result wide = ChildJvm.of(LinenCommand.class).flags("-Dlinen.columns=1000").run("doctor");
        assertTrue(wide.out().lines().noneMatch(line -> line.startsWith(" ")), wide::toString);
    }

    /** Runs doctor where calls fail. Arguments: which calls, then the errno. */
    static final class WithoutCalls {
        private static final Map<String, long[]> CALLS = Map.of("features",
                new long[]{SyscallNumber.FUTEX_WAKE, SyscallNumber.FUTEX_WAITV, SyscallNumber.IO_URING_SETUP,
                        SyscallNumber.LANDLOCK_CREATE_RULESET, SyscallNumber.USERFAULTFD, SyscallNumber.MSEAL,
                        SyscallNumber.MEMFD_CREATE, SyscallNumber.IOCTL, SyscallNumber.PROCESS_VM_READV},
                "clone", new long[]{SyscallNumber.CLONE}, "limits", new long[]{SyscallNumber.PRLIMIT64});

        public static void main(String... arguments) {
            Errno errno = Errno.of(arguments[1]).orElseThrow();
            for (long call : CALLS.get(arguments[0])) {
                FailingSyscall.of(call).with(errno);
            }
            if (arguments[0].equals("features")) { // as before Linux 6.13
                FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.GUARD_INSTALL.number())
                        .with(Errno.EINVAL);
            }
            System.exit(LinenCommand.commandLine().execute("doctor"));
        }
    }

    @Test
    void doctor_callsAreMissing_saysWhatLinenDoesWithoutThem() {
        Result child = ChildJvm.of(WithoutCalls.class).run("features", "ENOSYS");
        for (KernelFeature feature : KernelFeature.values()) {
            String found = switch (feature) {
                case PAGEMAP -> "yes";
                case GUARD_INSTALL -> "no, EINVAL: " + feature.without();
                default -> "no, ENOSYS: " + feature.without();
            };
            assertTrue(unbroken(child).lines().anyMatch(line -> line.matches(
                    "\\Q" + feature.title() + "\\E +\\Q" + found + "\\E")), () -> feature + ": " + child);
        }
        assertTrue(child.out().endsWith("\nlinen works here.\n"), child::toString);
        assertEquals(0, child.exitStatus());
    }

    @ParameterizedTest
    @CsvSource({"EAGAIN, allow more threads: ", "ENOMEM, allow more memory ", "EPERM, allow the call in the seccomp ",
            "EIO, find out what refuses the call: "})
    void doctor_threadCantBeStarted_failsWithTheRemedy(String errno, String remedy) {
        Result child = ChildJvm.of(WithoutCalls.class).run("clone", errno);
        assertEquals(1, child.exitStatus(), child::toString);
        assertTrue(unbroken(child).lines().toList().getLast().startsWith("linen doesn't work here. Remedy: " + remedy),
                child::toString);
        assertTrue(unbroken(child).contains("\na native thread      clone(0x"), child::toString);
        assertTrue(unbroken(child).contains(" failed: " + errno + " ("), child::toString);
        assertTrue(unbroken(child).contains("\nmseal "), child::toString);
    }

    @Test
    void doctor_limitsAreRefused_saysSoAndGoesOn() {
        Result child = ChildJvm.of(WithoutCalls.class).run("limits", "EPERM");
        assertTrue(unbroken(child).contains("\nRLIMIT_AS            unknown (EPERM)\n"), child::toString);
        assertEquals(0, child.exitStatus());
    }

    @Test
    void doctor_nativeAccessDenied_namesTheFlag() {
        Result child = ChildJvm.of(LinenCommand.class).withoutNativeAccess().run("doctor");
        assertFails("linen isn't allowed to call native code",
                "linen calls native code, but this JVM doesn't permit it: "
                        + "start the JVM with --enable-native-access=dev.linen",
                child);
        assertTrue(unbroken(child).contains(
                "\nnative access        not granted: --enable-native-access=dev.linen grants it\n"), child::toString);
        assertTrue(unbroken(child).contains("\nkernel features      unknown: no system call can be made\n"),
                child::toString);
    }

    /** A native call that the JVM only warns about grants access: doctor must look before the first one. */
    @Test
    void doctor_nativeAccessOnlyWarnedOf_saysSo() {
        Skip.unless(Runtime.version().feature() >= 24,
                "before Java 24, the JVM doesn't warn about a module without native access");
        Result child = ChildJvm.of(LinenCommand.class).withoutNativeAccess().flags("--illegal-native-access=warn")
                .run("doctor");
        assertTrue(unbroken(child).contains(
                "\nnative access        not granted: --enable-native-access=dev.linen grants it\n"), child::toString);
        assertTrue(child.out().endsWith("\nlinen works here.\n"), child::toString);
    }

    @ParameterizedTest
    @CsvSource({
            "-Dos.arch=riscv64, this build of linen has no native library for the CPU riscv64: it doesn't contain "
                    + "/META-INF/native/linux-riscv64/liblinen.so",
            "-Dos.name=Windows, 'linen needs Linux, because it makes Linux system calls; this is Windows'"})
    void doctor_unsupportedSystem_saysWhatLinenNeeds(String flag, String reason) {
        assertFails(reason,
                "run it on Linux, on an x86-64 or aarch64 CPU, with a 64-bit Java: other systems aren't supported yet",
                ChildJvm.of(LinenCommand.class).flags(flag).run("doctor"));
    }

    @Test
    void doctor_nativePartCantBeLoaded_tellsWhatWasTried() {
        Result child = ChildJvm.of(LinenCommand.class).flags("-Ddev.linen.library.path=/nonexistent").run("doctor",
                "--json");
        assertEquals(1, child.exitStatus(), child::toString);
        JsonObject found = JsonParser.parseString(child.out()).getAsJsonObject();
        assertFalse(found.get("works").getAsBoolean());
        assertEquals("linen's native part can't be loaded", found.get("thread").getAsString());
        assertTrue(found.get("remedy").getAsString().contains("Remedy: set -Ddev.linen.library.path="),
                found::toString);
    }

    @Test
    void doctor_noCompiler_namesThePackage() {
        Result child = ChildJvm.of(LinenCommand.class).wrappedIn("env", "CC=nocc -O2").run("doctor");
        assertTrue(unbroken(child).contains("\nC compiler           none (nocc): C files can't be run; on Debian, "
                + "apt-get install gcc libc6-dev\n"), child::toString);
        assertEquals(0, child.exitStatus());
    }
}
