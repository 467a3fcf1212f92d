package dev.linen.cli.doctor;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import dev.linen.Linen;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeThread;

/**
 * Whether a native thread can be started and joined.
 *
 * @param works whether it can
 * @param text the result in words
 * @param remedy what to do if it can't; empty if it can
 */
public record ThreadCheck(boolean works, String text, String remedy) {

    private static final long ARGUMENT = 42;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Map<Errno, String> REMEDIES = Map.of(
            Errno.EAGAIN, "allow more threads: ulimit -u, the cgroup's pids.max, kernel.threads-max, kernel.pid_max",
            Errno.ENOMEM, "allow more memory or more mappings: ulimit -v, the cgroup's memory.max, vm.max_map_count",
            Errno.EACCES, "allow executable memory: SELinux's execmem, or a similar rule of another security module",
            Errno.EPERM, "allow the call in the seccomp filter of the container or the service manager");

    static ThreadCheck run() throws InterruptedException {
        if (!Linen.isSupported()) {
            return failed(Linen.unsupportedReason().orElseThrow(),
                    "run it on Linux, on an x86-64 or aarch64 CPU, with a 64-bit Java: other systems aren't supported yet");
        }
        try {
            return startAndJoin();
        } catch (SyscallException refused) {
            return failed(refused.getMessage(), REMEDIES.getOrDefault(refused.errno(),
                    "find out what refuses the call: a seccomp filter, a security module or a limit"));
        } catch (IllegalCallerException denied) {
            return failed("linen isn't allowed to call native code", denied.getMessage());
        } catch (UnsatisfiedLinkError notLoaded) {
            return failed("linen's native part can't be loaded", notLoaded.getMessage());
        }
    }

    /** A thread that hangs isn't closed, because close would wait for it. */
    private static ThreadCheck startAndJoin() throws InterruptedException {
        NativeThread thread = SmallestThread.start(ARGUMENT);
        OptionalLong result = thread.join(PATIENCE);
        if (result.isEmpty()) {
            return failed("thread " + thread.tid() + " was started, but doesn't end",
                    "report it, with this output");
        }
        thread.close();
        return result.getAsLong() == ARGUMENT
                ? new ThreadCheck(true, "started as " + thread.tid() + ", joined", "")
                : failed("its result is " + result.getAsLong() + " instead of " + ARGUMENT,
                        "report it, with this output");
    }

    private static ThreadCheck failed(@Nullable String reason,
            @Nullable String remedy) {
        return new ThreadCheck(false, String.valueOf(reason), String.valueOf(remedy));
    }
}
