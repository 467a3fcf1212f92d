package dev.linen.testing;

import dev.linen.memory.Advice;
import dev.linen.memory.Mapping;
import dev.linen.memory.Peek;
import dev.linen.syscall.SyscallException;

/**
 * The guards of stacks on the running kernel. From Linux 6.13 they are marked pages of a mapping; before that they are
 * separate mappings.
 */
public final class Guards {

    private Guards() {}

    public static boolean areMarks() {
        try (Mapping mapping = Mapping.anonymous(Mapping.pageSize())) {
            mapping.advise(Advice.GUARD_INSTALL);
            return !Peek.read(mapping.address(), new byte[1]); // an emulator may accept advice that it doesn't know
        } catch (SyscallException unknown) {
            return false;
        }
    }

    /** Returns the signal and the code of an access to a guard. */
    public static String fault() {
        return areMarks() ? "SIGSEGV SEGV_MAPERR" : "SIGSEGV SEGV_ACCERR";
    }
}
