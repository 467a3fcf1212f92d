package dev.linen.function;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.LongUnaryOperator;

import dev.linen.internal.binding.AttachedThread;
import dev.linen.internal.binding.Uncaught;
import dev.linen.internal.registry.CodeMemory;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * A function that a native thread can run: {@code void *function(void *argument)}.
 *
 * <p>By default it runs on a thread that neither the JVM nor libc knows. Such a function may compute, make system
 * calls, and call functions that need no thread-local storage (memcpy, strlen, checksums, libm without errors). It must
 * not call malloc, stdio, locale functions or pthread mutexes, or use errno, because these use libc's thread-local
 * storage. It can't call Java: <b>an upcall stub is rejected</b>, because HotSpot looks up its thread in the same
 * storage, and aborts the process if there is none.
 *
 * <p>A thread of {@code Kind.POSIX} has no such restrictions. It can also run a function in Java, see {@link #ofJava}.
 *
 * <p>The library of the function must stay loaded while a thread runs it: load it with {@code Arena.global()}, or with
 * an arena that is closed after the thread.
 */
public final class NativeFunction {

    private static final FunctionDescriptor LONG_TO_LONG = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);

    private final String name;
    private final MemorySegment address;
    private final boolean java;

    private NativeFunction(String name, MemorySegment address, boolean java) {
        this.name = name;
        this.address = address;
        this.java = java;
    }

    /**
     * Returns the function of a library with a given name.
     *
     * @param library the library, such as {@code SymbolLookup.libraryLookup(path, Arena.global())}
     * @param name the name of the symbol
     * @return the function
     * @throws NoSuchElementException if the library has no such symbol
     * @throws IllegalArgumentException if the symbol is data, not code
     */
    public static NativeFunction ofSymbol(SymbolLookup library, String name) {
        MemorySegment address = library.find(name).orElseThrow(() -> new NoSuchElementException("the library has no "
                + "symbol " + name + " (is it static, hidden, or C++ without extern \"C\"?)"));
        return new NativeFunction(name, requireCode(name, address), /* java */ false);
    }

    /**
     * Returns the function at an address.
     *
     * @param address the address of its first instruction, in a library or program that the dynamic linker has loaded,
     *        or in {@link MachineCode}
     * @return the function
     * @throws IllegalArgumentException if the address is NULL, on the Java heap, not mapped, not executable, or in
     *         memory that a JIT compiler wrote, such as an upcall stub
     */
    public static NativeFunction ofAddress(MemorySegment address) {
        return new NativeFunction(hex(address.address()), requireCode("the function", address), /* java */ false);
    }

    /** Returns a function in code that linen has mapped itself, which needs no check. */
    static NativeFunction ofMachineCode(MemorySegment code) {
        return new NativeFunction(hex(code.address()), code, /* java */ false);
    }

    /**
     * Returns a function in Java, for threads that libc creates: {@code builder().kind(Kind.POSIX)}. The argument and
     * the result are the {@code void *} values of a C function. The thread needs a stack that is 64 KiB larger than the
     * minimum of the JVM, about 200 KiB in all.
     *
     * <p>In Java, the thread has the name that its builder gave it, or {@code linen-N}. It is a daemon thread from before
     * the function is called until it has returned; if the JVM has no memory for it, {@code start} throws an
     * IllegalStateException. The function must not end the thread by {@code pthread_exit}.
     *
     * <p>If the function throws, the thread's {@link Thread.UncaughtExceptionHandler} is called, and the result is 0.
     *
     * @param function the function
     * @param arena the lifetime of the function; it must not be closed before the thread has ended
     * @return the function
     */
    public static NativeFunction ofJava(LongUnaryOperator function, Arena arena) {
        Objects.requireNonNull(function);
        Syscall.invoke(SyscallNumber.GETPID); // without native access, this throws what is missing
        LongUnaryOperator catching = argument -> {
            AttachedThread.takeName();
            try {
                return function.applyAsLong(argument);
            } catch (Throwable thrown) { // leaving an upcall, it would terminate the JVM
                Uncaught.by(thrown);
                return 0;
            }
        };
        try {
            MethodHandle handle = MethodHandles.lookup().findVirtual(LongUnaryOperator.class, "applyAsLong",
                    MethodType.methodType(long.class, long.class)).bindTo(catching);
            MemorySegment stub = Linker.nativeLinker().upcallStub(handle, LONG_TO_LONG, arena);
            return new NativeFunction(function.getClass().getName(), stub, /* java */ true);
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError(impossible.getMessage(), impossible);
        }
    }

    private static MemorySegment requireCode(String name, MemorySegment address) {
        if (!address.isNative()) {
            throw new IllegalArgumentException(
                    name + " is on the Java heap, but machine code must be in native memory");
        }
        if (address.address() == 0) {
            throw new IllegalArgumentException(name + " is NULL");
        }
        String at = name + " at " + hex(address.address());
        MemoryMap.Region region;
        try {
            region = MemoryMap.regionAt(address.address())
                    .orElseThrow(() -> new IllegalArgumentException(at + " isn't mapped: was its library unloaded?"));
        } catch (UncheckedIOException unknown) { // no file descriptor is left, or there is no /proc
            return address;
        }
        if (!region.protection().has(Protection.EXEC)) {
            throw new IllegalArgumentException(at + " can't be executed: it is data ("
                    + region.protection() + (region.name().isEmpty() ? "" : ", " + region.name()) + ")");
        }
        if (region.isAnonymous() && CodeMemory.beginOf(address.address()).isEmpty()) {
            throw new IllegalArgumentException(at + " is in memory that a JIT compiler wrote: a Java upcall stub can't "
                    + "run on a native thread, because the JVM would find no Java thread there and abort the process; "
                    + "use NativeFunction.ofJava and a thread of Kind.POSIX");
        }
        return address;
    }

    /**
     * Returns the address of the first instruction.
     *
     * @return the address, whose scope is the lifetime of the library
     */
    public MemorySegment address() {
        return address;
    }

    /**
     * Returns whether this function is in Java. Such a function needs a thread that libc creates, with a stack of the
     * size that the JVM requires.
     *
     * @return true if it was created by {@link #ofJava}
     */
    public boolean isJava() {
        return java;
    }

    /**
     * Returns the name of this function.
     *
     * @return the name of the symbol, or the address if it has no name
     */
    @Override
    public String toString() {
        return name;
    }
}
