package dev.linen.testing;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.linen.junit.ChildJvm;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Lets a thread of a child JVM become a user who has no process: RLIMIT_NPROC is for all processes of a user. */
public final class OtherUser {

    private static final String REFUSED = "can't become another user: ";

    private OtherUser() {}

    /** Changes the user id of the calling thread only. Ends the process if that is refused. */
    public static void become() {
        long user = 1_000_000 + ProcessHandle.current().pid();
        long result = Syscall.invoke(SyscallNumber.SETRESUID, user, user, user);
        if (Syscall.isError(result)) {
            System.out.print(REFUSED + Errno.ofResult(result).orElseThrow());
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    /** Skips the test if {@link #become} was refused in the child. The JVM may have printed warnings before and after. */
    public static void skipIfRefused(ChildJvm.Result result) {
        Matcher refused = Pattern.compile(REFUSED + "[A-Z0-9]+").matcher(result.out());
        if (refused.find()) {
            Skip.because(refused.group());
        }
    }
}
