package importer;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.function.CSource;
import dev.linen.thread.NativeThread;

/** A system call, and a C function on a thread that the JVM doesn't know. */
public class Hello {

    public static void main(String... arguments) throws InterruptedException {
        long pid = Syscall.invoke(SyscallNumber.GETPID);
        System.out.println(pid == ProcessHandle.current().pid()); // prints true

        CSource source = CSource.compile("long triple(long x) { return 3 * x; }");
        try (NativeThread thread = NativeThread.start(source.function("triple"), 14)) {
            System.out.println(thread.join()); // prints 42
        }
    }
}
