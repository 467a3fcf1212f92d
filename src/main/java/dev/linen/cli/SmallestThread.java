package dev.linen.cli;

import dev.linen.thread.MachineCode;
import dev.linen.thread.NativeFunction;
import dev.linen.thread.NativeThread;

/** A native thread that does as little as a thread can: it returns its argument. Needs neither compiler nor library. */
final class SmallestThread {

    private SmallestThread() {}

    /** {@code mov %rdi,%rax; ret} */
    private static NativeFunction function() {
        return MachineCode.of(0x48, 0x89, 0xf8, 0xc3).function();
    }

    static NativeThread start(long argument) {
        return NativeThread.start(function(), argument);
    }
}
