package dev.linen.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Assumptions;

import dev.linen.internal.linux.Machine;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.syscall.abi.Sched;

/** Skips tests that can't run on this system. */
public final class Skip {

    private Skip() {}

    /**
     * Skips the test unless a condition holds. The reason is also printed, because Surefire writes it only to its
     * reports.
     */
    public static void unless(boolean condition, String otherwise) {
        if (!condition) {
            because(otherwise);
        }
    }

    /** Skips the test and prints the reason. Doesn't return; the type lets it stand for any value. */
    public static <T> T because(String reason) {
        System.out.println("skipped: " + reason);
        return Assumptions.abort(reason);
    }

    /**
     * Skips the test unless a wrapper for a command, such as {@code unshare -m}, works here.
     *
     * @param wrapper a program and its arguments; it must execute the rest of its command line
     */
    public static void unlessWorks(String... wrapper) {
        List<String> command = new ArrayList<>(List.of(wrapper));
        command.add("true");
        String failure;
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            failure = process.waitFor() == 0 ? "" : output;
        } catch (IOException notInstalled) {
            failure = notInstalled.toString();
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
        unless(failure.isEmpty(), String.join(" ", wrapper) + " doesn't work here: " + failure);
    }

    /** Skips the test unless a thread may have descriptors of its own: Docker's seccomp filter refuses unshare. */
    public static void unlessThreadsMayUnshare() {
        ifRefused("unshare", CompletableFuture.supplyAsync(
                () -> Syscall.invoke(SyscallNumber.UNSHARE, Sched.CLONE_FILES), Thread.ofPlatform()::start).join());
    }

    /** Skips the test if the kernel or a seccomp filter refuses a system call that the test needs. */
    public static void ifRefused(String call, long result) {
        unless(result != Errno.EPERM.result() && result != Errno.ENOSYS.result(), call + " is refused: " + result);
    }

    /**
     * Skips the test in a process that an emulator runs (qemu-user): the kernel that it would ask about itself knows only
     * the emulator.
     *
     * @param because what the emulator does differently
     */
    public static void ifEmulated(String because) throws IOException {
        Path file = Path.of("/proc/sys/kernel/arch"); // since Linux 6.1; the emulator changes what uname says
        String kernels = Files.exists(file) ? Files.readString(file).strip() : "";
        unless(kernels.isEmpty() || Machine.of(kernels) == Machine.THIS, "this process is emulated on " + kernels + ": "
                + because);
    }

    /** Skips the test where {@link dev.linen.thread.NativeThread#kill()} can't work. */
    public static void unlessKillWorks() {
        try {
            ifEmulated("it changes the siginfo of the signal by which linen ends a thread");
        } catch (IOException unreadable) {
            because("can't determine the kernel's CPU: " + unreadable);
        }
    }

    /** Skips the test unless this process may lock any amount of memory: a usual RLIMIT_MEMLOCK is 64 KiB. */
    public static void unlessMayLockMemory() throws IOException {
        boolean unlimited = Files.readString(Path.of("/proc/self/limits")).matches(
                "(?s).*\nMax locked memory +unlimited.*");
        long capabilities = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:")).findFirst()
                .map(line -> Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16)).orElse(0L);
        unless(unlimited || (capabilities >>> Sched.CAP_IPC_LOCK & 1) != 0,
                "this process may lock little memory (ulimit -l, Sched.CAP_IPC_LOCK)");
    }
}
