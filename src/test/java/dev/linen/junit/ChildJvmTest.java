package dev.linen.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.memory.MemoryMap;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

class ChildJvmTest {

    static final class Main {
        public static void main(String... arguments) {
            System.out.print(List.of(arguments) + " " + Main.class.getModule());
            System.err.print(System.getProperty("flag"));
            System.exit(7);
        }
    }

    @Test
    void run_mainClass_givesStatusAndOutput() {
        assertEquals(new ChildJvm.Result(7, "[a b, ] module dev.linen", "x y", /* timedOut */ false),
                ChildJvm.of(Main.class).flags("-Dflag=x y").run("a b", ""));
    }

    @Test
    void run_onClassPath_hasNoModule() {
        ChildJvm.Result child = ChildJvm.of(Main.class).onClassPath().run();
        assertTrue(child.out().matches("\\[\\] unnamed module .*"), child::toString);
    }

    @Test
    void run_lambda_seesWhatItCaptured() {
        List<String> captured = List.of("one", "two");
        long here = ProcessHandle.current().pid();
        ChildJvm.Result child = ChildJvm.of(() -> System.out.print(
                captured + " " + (Syscall.invoke(SyscallNumber.GETPID) != here))).run();
        assertEquals(new ChildJvm.Result(0, "[one, two] true", "", false), child);
    }

    @Test
    void run_lambdaOnClassPath_runs() {
        ChildJvm.Result child = ChildJvm.of(() -> System.out.print(ChildJvm.class.getModule().isNamed())).onClassPath()
                .run();
        assertEquals("false", child.out(), child::toString);
    }

    @Test
    void run_methodReferenceAndClass_areBodiesToo() {
        assertEquals("hello", ChildJvm.of(ChildJvmTest::hello).run().out());
        assertEquals("hello", ChildJvm.of(new Hello()).run().out());
    }

    private static void hello() {
        System.out.print("hello");
    }

    static final class Hello implements ChildJvm.Body {

        private static final long serialVersionUID = 1L;

        @Override
        public void run() {
            hello();
        }
    }

    @Test
    void run_lambdaThatThrows_isStatus1() {
        ChildJvm.Result child = ChildJvm.of(() -> {
            throw new IllegalStateException("for a reason");
        }).run();
        assertEquals(1, child.exitStatus());
        assertTrue(child.err().contains("IllegalStateException: for a reason"), child::toString);
    }

    @Test
    void of_lambdaThatCapturesWhatCantBeCopied_isRefused() {
        Thread thread = Thread.currentThread();
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> ChildJvm.of(() -> System.out.print(thread)));
        assertTrue(String.valueOf(refused.getMessage()).startsWith("this lambda captures a value that can't be "
                + "serialised for a child JVM: java.io.NotSerializableException: java.lang.Thread"),
                refused::getMessage);
        assertFalse((Object) thread instanceof Serializable);
    }

    @Test
    void run_crash_hasTheSignalInTheStatus() {
        ChildJvm.Result child = ChildJvm.of(() -> Syscall.invoke(SyscallNumber.KILL, ProcessHandle.current().pid(), 9))
                .run();
        assertEquals(128 + 9, child.exitStatus(), child::toString);
    }

    static final class WithAnotherDefault {
        public static void main(String... arguments) {
            System.out.print(ChildJvm.of(() -> Thread.sleep(Duration.ofMinutes(10))).run().timedOut());
        }
    }

    @Test
    void run_longerThanTheDefaultOfTheProperty_isKilled() {
        ChildJvm.Result child = ChildJvm.of(WithAnotherDefault.class).flags("-Ddev.linen.child.seconds=1").run();
        assertEquals("true", child.out(), child::toString);
    }

    static final class WithDefaultFlags {
        public static void main(String... arguments) {
            System.out.print(ChildJvm.of(() -> System.out.print(Integer.getInteger("a") + Integer.getInteger("b")))
                    .run().out());
            System.out.print(" " + ChildJvm.of(() -> System.out.print(Integer.getInteger("a"))).flags("-Db=0").run()
                    .out());
        }
    }

    @Test
    void run_propertyHasFlags_areThoseOfAChildWithoutItsOwn() {
        ChildJvm.Result child = ChildJvm.of(WithDefaultFlags.class).flags("-Ddev.linen.child.flags=-Da=1 -Db=2").run();
        assertEquals("3 null", child.out(), child::toString);
    }

    /** Runs it with the shortest timeout, by powers of two, in which it prints something. */
    private static ChildJvm.Result runTooShortly(ChildJvm child) {
        ChildJvm.Result result = child.timeout(Duration.ofSeconds(1)).run();
        for (int seconds = 2; result.out().isEmpty() && seconds < 100; seconds *= 2) {
            result = child.timeout(Duration.ofSeconds(seconds)).run();
        }
        return result;
    }

    @Test
    void run_longerThanTheTimeout_isKilled() {
        ChildJvm.Result child = runTooShortly(ChildJvm.of(() -> {
            System.out.println("begun");
            Thread.sleep(Duration.ofMinutes(10));
        }));
        assertEquals(new ChildJvm.Result(128 + 9, "begun\n", "", /* timedOut */ true), child);
    }

    @Test
    void run_wrappedAndTimedOut_leavesNoProcess() {
        ChildJvm.Result child = runTooShortly(ChildJvm.of(() -> {
            System.out.print(ProcessHandle.current().pid());
            System.out.flush();
            Thread.sleep(Duration.ofMinutes(10));
        }).wrappedIn("sh", "-c", "\"$@\"; true", "sh"));
        assertTrue(child.timedOut(), child::toString);
        ProcessHandle.of(Long.parseLong(child.out())).ifPresent(handle -> handle.onExit().join());
    }

    @Test
    void run_withoutNativeAccess_isRefusedIt() {
        ChildJvm.Result child = ChildJvm.of(() -> Syscall.invoke(SyscallNumber.GETPID)).withoutNativeAccess().run();
        assertTrue(child.err().contains("--enable-native-access=dev.linen"), child::toString);
    }

    @Test
    void failingSyscall_withConditions_failsOnlyThen() {
        ChildJvm.Result child = ChildJvm.of(() -> {
            FailingSyscall.of(SyscallNumber.LSEEK).whenArgument(0, -1).whenArgument(1, 7).with(Errno.EXDEV);
            for (int offset = 6; offset < 8; offset++) {
                System.out
                        .print(Errno.ofResult(Syscall.invoke(SyscallNumber.LSEEK, -1, offset, 0)).orElseThrow() + " ");
            }
            System.out.print(Errno.ofResult(Syscall.invoke(SyscallNumber.LSEEK, -2, 7, 0)).orElseThrow());
            MemoryMap.read();
        }).run();
        assertEquals("EBADF EXDEV EBADF", child.out(), child::toString);
        assertThrows(IndexOutOfBoundsException.class, () -> FailingSyscall.of(0).whenArgument(6, 0));
    }

    @Test
    void run_cantBeStarted_leavesNoFiles(@TempDir Path folder) {
        ChildJvm.Result result = ChildJvm.of(() -> {
            assertThrows(AssertionError.class, () -> ChildJvm.of(ChildJvmTest::hello).wrappedIn("/nonexistent").run());
            System.out.print(ChildJvm.of(ChildJvmTest::hello).run().out());
        }).flags("-Djava.io.tmpdir=" + folder).run();
        assertEquals("hello", result.out(), result::toString);
        assertEquals(List.of(), List.of(Objects.requireNonNull(folder.toFile().list())));
    }

    /** An empty entry of a class path is the working directory. */
    @Test
    void classPath_ofAnEmptyModulePath_hasNoEmptyEntry() {
        assertEquals("a:b", ChildCommand.join(Stream.of("a", "", "b", "")));
        assertEquals("", ChildCommand.join(Stream.of("")));
    }
}
