package dev.linen.cli.doctor;

import dev.linen.function.MachineCode;
import dev.linen.internal.linux.Machine;
import dev.linen.thread.NativeThread;

/**
 * A native thread that does as little as possible: it returns its argument. It needs neither a compiler nor a library.
 */
public final class SmallestThread {

    private static final int[] IDENTITY = Machine.THIS == Machine.AARCH64
            ? new int[]{0xc0, 0x03, 0x5f, 0xd6} // ret: the result is in the register of the argument
            : new int[]{0x48, 0x89, 0xf8, 0xc3}; // mov %rdi,%rax; ret

    private SmallestThread() {}

    public static MachineCode code() {
        return MachineCode.of(IDENTITY);
    }

    public static NativeThread start(long argument) {
        return NativeThread.start(code().function(), argument);
    }
}
