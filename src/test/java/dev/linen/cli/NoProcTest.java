package dev.linen.cli;

import static dev.linen.testing.Faults.faulty;
import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import dev.linen.function.CSource;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;
import dev.linen.testing.Code;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.ThreadFault;

/** A mount namespace without /proc, as some sandboxes are. */
class NoProcTest {

    private static final String[] HIDDEN = {"unshare", "-Urm", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"",
            "sh"};

    /** Without /proc, the dynamic linker can't find java's libraries by java's own path. */
    private static final String JAVA_LIBRARIES = "LD_LIBRARY_PATH=" + System.getProperty("java.home") + "/lib";

    private static ChildJvm child(Class<?> main) {
        return ChildJvm.of(main).wrappedIn(HIDDEN).wrappedIn("env", JAVA_LIBRARIES);
    }

    @BeforeEach
    void possible() throws IOException, InterruptedException {
        Skip.unless(Command.of("unshare", "-Urm", "sh", "-c", "mount -t tmpfs none /proc").run().exitStatus() == 0,
                "this process has no permission to mount file systems");
    }

    static final class Threads {
        public static void main(String... arguments) throws Exception {
            try (NativeThread thread = NativeThread.start(function("identity"), 42)) {
                System.out.println(thread.join());
            }
            try (NativeThread thread = NativeThread.builder().kind(NativeThread.Kind.POSIX)
                    .start(function("identity"), 43)) {
                System.out.println(thread.onExit().get());
                assertThrows(UnsupportedOperationException.class, () -> thread.stack().used());
            }
            try (NativeThread thread = NativeThread.start(faulty("write_byte"), 8)) {
                ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
                System.out.println(fault.signal() + " " + fault.code() + " " + fault.address() + " " + fault.cause()
                        + " argument=" + fault.registers().get(Code.argument()) + " used=" + fault.stackUsed());
                assertTrue(fault.report().contains("backtrace"), fault::report);
            }
            NativeThread looping = NativeThread.start(faulty("loop"), 0);
            looping.kill();
            assertThrows(NativeFaultException.class, looping::join);
            looping.close();
            CSource c = CSource.compile("long twice(long x) { return 2 * x; }");
            try (NativeThread thread = NativeThread.start(c.function("twice"), 22)) {
                System.out.println(thread.join());
            }
        }
    }

    @Test
    void threads_andFaultsAndCSources_work() {
        Skip.unlessKillWorks();
        Result result = child(Threads.class).run();
        assertEquals("42\n43\nSIGSEGV SEGV_MAPERR 8 null-pointer argument=8 used=-1\n44\n", result.out(),
                result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }

    @Test
    void doctor_saysThatProcIsNotMounted() {
        Result result = child(LinenCommand.class).run("doctor");
        assertTrue(
                DoctorCommandTest.unbroken(result).contains("\n/proc                isn't mounted: linen works, but "),
                result::toString);
        assertTrue(
                DoctorCommandTest.unbroken(result)
                        .contains("\nmemfd_create+exec    no, ENOENT: the native part is loaded from a temporary "
                                + "file\n"),
                result::toString);
        assertTrue(
                DoctorCommandTest.unbroken(result).contains("\nlibc                 glibc 2.")
                        || !DoctorCommandTest.unbroken(result).contains("glibc"),
                result::toString);
        assertTrue(DoctorCommandTest.unbroken(result)
                .contains("\nsignal handlers      unknown; linen's are in front of them\n"
                        + "copies of linen      unknown\n"
                        + "debugger             unknown\n"
                        + "seccomp filter       unknown\n"),
                result::toString);
        assertTrue(result.out().endsWith("\nlinen works here.\n"), result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }

    @Test
    void run_library_works() {
        Result result = child(LinenCommand.class).run("run", TestFunctions.path("functions").toString(), "42",
                "--function=identity");
        assertTrue(result.out().contains("result    0x2a "), result::toString);
        assertTrue(result.out().contains("stack     an unknown part of 2097152 bytes used"), result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }

    @Test
    void maps_saysThatProcIsNotMounted() {
        Result result = child(LinenCommand.class).run("maps");
        assertTrue(result.err().matches("linen maps: process \\d+ can't be read: /proc isn't mounted.*\n"),
                result::toString);
        assertEquals(2, result.exitStatus(), result::toString);
    }
}
