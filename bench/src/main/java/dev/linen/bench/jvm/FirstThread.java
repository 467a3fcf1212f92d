package dev.linen.bench.jvm;

import java.lang.foreign.Linker;

import dev.linen.function.MachineCode;
import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeThread;

/**
 * {@code FirstThread code|libc}: the time in nanoseconds from {@code main} to the end of the JVM's first native thread.
 */
public final class FirstThread {

    private FirstThread() {}

    public static void main(String... arguments) throws InterruptedException {
        long begin = System.nanoTime();
        NativeFunction function = arguments[0].equals("code")
                ? MachineCode.of(0x48, 0x89, 0xf8, 0xc3).function() // mov %rdi,%rax; ret
                : NativeFunction.ofSymbol(Linker.nativeLinker().defaultLookup(), "labs");
        NativeThread thread = NativeThread.start(function, 27);
        long result = thread.join();
        long end = System.nanoTime();
        System.out.println((result == 27 ? "first " : "wrong ") + (end - begin));
    }
}
