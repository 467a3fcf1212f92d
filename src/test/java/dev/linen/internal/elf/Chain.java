package dev.linen.internal.elf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeThread;
import dev.linen.thread.StackBuffer;

/** A native thread that runs functions of chain.c and stops in capture. */
final class Chain implements AutoCloseable {

    private static final long READY = 0;
    private static final long GO = 8;
    private static final long DEPTH = 16;
    private static final long COUNT = 24;
    private static final long RETURNS = 32;
    private static final long LAST = 64;
    private static final long REGISTERS = 72;
    private static final long SNAPSHOT_BYTES = REGISTERS + 33 * Long.BYTES;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment snapshot = arena.allocate(SNAPSHOT_BYTES, Long.BYTES);
    private final NativeThread thread;

    private Chain(Path library, String function, long depth) {
        snapshot.set(JAVA_LONG, DEPTH, depth);
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        thread = NativeThread.start(NativeFunction.ofSymbol(symbols, function), snapshot);
        while ((long) JAVA_LONG.varHandle().getVolatile(snapshot, READY) == 0) {
            Thread.onSpinWait();
        }
    }

    /** The calls are: first, middle, second, third, capture. */
    static Chain start(Path library) {
        return new Chain(library, "first", /* depth */ 0);
    }

    /** The calls are: recursion, recurse (which calls itself {@code depth} times), capture. */
    static Chain recursion(Path library, long depth) {
        return new Chain(library, "recursion", depth);
    }

    long register(Register register) {
        return snapshot.get(JAVA_LONG, REGISTERS + (long) Register.ofThisCpu().indexOf(register) * Long.BYTES);
    }

    Registers registers() {
        return Registers.interrupted(this::register);
    }

    /** Returns the registers with one changed value, as if the thread had reached another instruction. */
    Registers registersBut(Register other, long value) {
        return Registers.interrupted(register -> register == other ? value : register(register));
    }

    /** Returns the return addresses that the functions have recorded, that of capture first. */
    List<Long> returns() {
        List<Long> returns = new ArrayList<>();
        returns.add(snapshot.get(JAVA_LONG, LAST));
        for (long i = snapshot.get(JAVA_LONG, COUNT) - 1; i >= 0; i--) {
            returns.add(snapshot.get(JAVA_LONG, RETURNS + i * Long.BYTES));
        }
        return returns;
    }

    Range stack() {
        StackBuffer buffer = thread.stack();
        long end = buffer.exit().address();
        return new Range(buffer.address() + buffer.byteSize() - buffer.stackSize(), end);
    }

    @Override
    public void close() {
        JAVA_LONG.varHandle().setVolatile(snapshot, GO, 1L);
        thread.close();
        arena.close();
    }
}
