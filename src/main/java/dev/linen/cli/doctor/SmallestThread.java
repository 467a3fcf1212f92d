package dev.linen.cli.doctor;

import dev.linen.function.MachineCode;
import dev.linen.thread.NativeThread;

/**
 * A native thread that does as little as possible: it returns its argument. It needs neither a compiler nor a library.
 */
public final class SmallestThread {

    private SmallestThread() {}

    /** {@code mov %rdi,%rax; ret} */
    public static MachineCode code() {
        return MachineCode.of(0x48, 0x89, 0xf8, 0xc3);
    }

    public static NativeThread start(long argument) {
        return NativeThread.start(code().function(), argument);
    }
}
