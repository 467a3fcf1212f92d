package dev.linen.testing;

import dev.linen.memory.Advice;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallException;

/** The guards of stacks, on the kernel that runs: from Linux 6.13 on they are marks in a mapping, before that mappings of their own. */
public final class Guards {

    private Guards() {}

    public static boolean areMarks() {
        try (Mapping mapping = Mapping.anonymous(Mapping.pageSize())) {
            mapping.advise(Advice.GUARD_INSTALL);
            return true;
        } catch (SyscallException unknown) {
            return false;
        }
    }

    /** What who touches one gets, as signal and code. */
    public static String fault() {
        return areMarks() ? "SIGSEGV SEGV_MAPERR" : "SIGSEGV SEGV_ACCERR";
    }
}
