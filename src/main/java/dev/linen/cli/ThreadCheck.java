package dev.linen.cli;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import dev.linen.Linen;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeThread;

/**
 * A native thread, really started and joined.
 *
 * @param works whether it ran
 * @param text what became of it
 * @param remedy what to do when it didn't; empty when it did
 */
record ThreadCheck(boolean works, String text, String remedy) {

    private static final long ARGUMENT = 42;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Map<Errno, String> REMEDIES = Map.of(
            Errno.EAGAIN, "allow more threads: ulimit -u, the cgroup's pids.max, kernel.threads-max, kernel.pid_max",
            Errno.ENOMEM, "allow more memory or more mappings: ulimit -v, the cgroup's memory.max, vm.max_map_count",
            Errno.EACCES, "allow memory that is made executable: SELinux's execmem, or a security module like it",
            Errno.EPERM, "allow the call in the seccomp filter: the container's or the service manager's");

    static ThreadCheck run() throws InterruptedException {
        if (!Linen.isSupported()) {
            return failed(Linen.unsupportedReason().orElseThrow(),
                    "run it on Linux, on an x86-64 CPU, with a 64-bit Java: so far linen works nowhere else");
        }
        try {
            return startAndJoin();
        } catch (SyscallException refused) {
            return failed(refused.getMessage(), REMEDIES.getOrDefault(refused.errno(),
                    "look for what refuses the call: a seccomp filter, a security module, a limit"));
        } catch (IllegalCallerException denied) {
            return failed("linen isn't allowed to call native code", denied.getMessage());
        } catch (UnsatisfiedLinkError notLoaded) {
            return failed("linen's native part can't be loaded", notLoaded.getMessage());
        }
    }

    /** Isn't closed when it hangs: that would wait. */
    private static ThreadCheck startAndJoin() throws InterruptedException {
        NativeThread thread = SmallestThread.start(ARGUMENT);
        OptionalLong result = thread.join(PATIENCE);
        if (result.isEmpty()) {
            return failed("thread " + thread.tid() + " was started, and doesn't end", "report it, with this output");
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
