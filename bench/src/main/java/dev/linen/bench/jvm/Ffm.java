package dev.linen.bench.jvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Calls by the FFM API itself: an empty function, linked as linen links its own, and libc's {@code syscall} with errno.
 */
final class Ffm {

    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle NOOP = LINKER.downcallHandle(
            SymbolLookup.libraryLookup(Functions.library("peers.so"), Arena.global()).find("noop").orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG));

    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().find("syscall").orElseThrow(), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1), Linker.Option.captureCallState("errno"));

    private static final VarHandle ERRNO = Linker.Option.captureStateLayout()
            .varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MemorySegment STATE = Arena.global().allocate(Linker.Option.captureStateLayout());

    private Ffm() {}

    /** With the signature of all calls of linen's: six arguments and the number. */
    static long noop(long argument) {
        try {
            return (long) NOOP.invokeExact(argument, 0L, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    /** The result or -errno, as linen returns it. */
    static long syscall(long number) {
        try {
            long result = (long) SYSCALL.invokeExact(STATE, number);
            return result == -1 ? -(int) ERRNO.get(STATE, 0L) : result;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
