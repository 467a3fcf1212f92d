package dev.linen.cli;

import dev.linen.function.MachineCode;
import dev.linen.thread.NativeThread;

/**
 * A native thread that does as little as possible: it returns its argument. It needs neither a compiler nor a library.
 */
final class SmallestThread {

    private SmallestThread() {}

    /** {@code mov %rdi,%rax; ret} */
    static MachineCode code() {
        return MachineCode.of(0x48, 0x89, 0xf8, 0xc3);
    }

    static NativeThread start(long argument) {
        return NativeThread.start(code().function(), argument);
    }
}
