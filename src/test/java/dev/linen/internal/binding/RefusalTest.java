package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.Linen;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.ChildJvm.Result;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;

/**
 * Tests platforms that linen doesn't support: classes can be loaded, constants can be read, and each call throws the
 * reason.
 */
class RefusalTest {

    private static final String CONSTANTS = "PROT_READ ENOMEM " + SyscallNumber.MMAP;

    /** Prints one line each for constants, support and three calls. */
    static final class Main {
        public static void main(String... arguments) {
            System.out.println(Protection.READ + " " + Errno.ENOMEM + " " + SyscallNumber.MMAP);
            System.out.println(Linen.isSupported() + " " + Linen.unsupportedReason().orElse("-"));
            attempt(() -> Syscall.invoke(SyscallNumber.GETPID));
            attempt(() -> Syscall.invoke(SyscallNumber.GETPID));
            attempt(() -> Mapping.anonymous(1));
        }

        private static void attempt(Runnable call) {
            try {
                call.run();
                System.out.println("worked");
            } catch (Throwable thrown) {
                // The stack trace must be that of this call, not only that of the first call.
                boolean mine = List.of(thrown.getStackTrace()).toString().contains("RefusalTest$Main.main");
                System.out.println(thrown + (mine ? "" : " without a stack trace"));
            }
        }
    }

    @Test
    void call_withoutNativeAccess_namesTheFlagEachTime() {
        Skip.unless(Linen.class.getModule().isNamed(), "linen is on the class path");
        String reason = "java.lang.IllegalCallerException: linen calls native code, but this JVM doesn't permit it: "
                + "start the JVM with --enable-native-access=dev.linen";
        assertPrints(ChildJvm.of(Main.class).withoutNativeAccess(), CONSTANTS, "true -", reason, reason, reason);
    }

    @Test
    void call_onTheClassPathWithoutNativeAccess_namesTheOtherFlagToo() {
        String reason = "java.lang.IllegalCallerException: linen calls native code, but this JVM doesn't permit it: "
                + "start the JVM with --enable-native-access=ALL-UNNAMED (because linen is on the class path; with "
                + "linen on the module path, use --enable-native-access=dev.linen)";
        assertPrints(ChildJvm.of(Main.class).onClassPath(), CONSTANTS, "true -", reason, reason, reason);
    }

    @Test
    void call_onTheClassPathWithNativeAccess_works() {
        assertPrints(ChildJvm.of(Main.class).onClassPath().flags("--enable-native-access=ALL-UNNAMED"), CONSTANTS,
                "true -", "worked", "worked", "worked");
    }

    @ParameterizedTest
    @CsvSource({
            "-Dos.arch=riscv64, this build of linen has no native library for the CPU riscv64: it doesn't contain "
                    + "/META-INF/native/linux-riscv64/liblinen.so",
            "-Dos.name=Windows, 'linen needs Linux, because it makes Linux system calls; this is Windows'"})
    void call_onAnUnsupportedSystem_tellsTheReasonEachTime(String flag, String reason) {
        String thrown = "java.lang.UnsupportedOperationException: " + reason;
        String constants = flag.contains("arch") ? "PROT_READ ENOMEM -1" : CONSTANTS; // no call has a number there
        assertPrints(ChildJvm.of(Main.class).flags(flag), constants, "false " + reason, thrown, thrown, thrown);
    }

    private static void assertPrints(ChildJvm child, String... lines) {
        Result result = child.run();
        assertEquals(List.of(lines), result.out().lines().toList(), result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }
}
