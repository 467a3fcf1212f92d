package dev.linen.function;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

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

import dev.linen.internal.binding.Uncaught;
import dev.linen.internal.registry.CodeMemory;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;

/**
 * A function that a native thread can run: {@code void *function(void *argument)}, in machine code.
 *
 * <p>It runs on a thread that neither the JVM nor libc knows. So it may call the kernel, compute, and call other functions
 * of that kind (memcpy, strlen, checksums, libm without errors); not malloc, stdio, errno, locale functions or pthread
 * mutexes, which reach for what libc keeps of each of its own threads; and never Java: <b>an upcall stub is refused</b>, since HotSpot finds its thread
 * through that same storage and ends the process when there is none. All of these can run on a thread of
 * {@code Kind.POSIX}; a function in Java is made by {@link #ofJava}.
 *
 * <p>The library that it lies in must stay loaded while a thread runs it: use {@code Arena.global()}, or an arena that is
 * closed after the thread.
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
     * The function of that name in a library.
     *
     * @param library where to look, such as {@code SymbolLookup.libraryLookup(path, Arena.global())}
     * @param name the symbol's name
     * @return the function
     * @throws NoSuchElementException when the library has no such symbol
     * @throws IllegalArgumentException when the symbol isn't code, but data
     */
    public static NativeFunction ofSymbol(SymbolLookup library, String name) {
        MemorySegment address = library.find(name).orElseThrow(() -> new NoSuchElementException("the library has no "
                + "symbol " + name + " (is it static, hidden, or C++ without extern \"C\"?)"));
        return new NativeFunction(name, requireCode(name, address), /* java */ false);
    }

    /**
     * The function at an address.
     *
     * @param address where it starts, in a library or program that the dynamic linker has loaded, or in
     *        {@link MachineCode}
     * @return the function
     * @throws IllegalArgumentException when the address is NULL, on the heap, not mapped, not executable, or in memory
     *         that a JIT compiler wrote: an upcall stub
     */
    public static NativeFunction ofAddress(MemorySegment address) {
        return new NativeFunction(hex(address.address()), requireCode("the function", address), /* java */ false);
    }

    /** Code that linen has mapped itself: there is nothing to ask the kernel. */
    static NativeFunction ofMachineCode(MemorySegment code) {
        return new NativeFunction(hex(code.address()), code, /* java */ false);
    }

    /**
     * A function in Java, for threads that libc made: {@code builder().kind(Kind.POSIX)}. Argument and result are what a C
     * function has as {@code void *}. The thread needs a stack of 64 KiB more than the JVM demands for one, some 200 KiB
     * in all.
     *
     * <p>What it throws goes to the thread's {@link Thread.UncaughtExceptionHandler}, and its result is 0 then.
     *
     * @param function what the thread runs
     * @param arena how long it can be run; must not be closed before the thread has ended
     * @return the function
     */
    public static NativeFunction ofJava(LongUnaryOperator function, Arena arena) {
        Objects.requireNonNull(function);
        LongUnaryOperator careful = argument -> {
            try {
                return function.applyAsLong(argument);
            } catch (Throwable thrown) { // out of an upcall, it would end the JVM
                Uncaught.by(thrown);
                return 0;
            }
        };
        try {
            MethodHandle handle = MethodHandles.lookup().findVirtual(LongUnaryOperator.class, "applyAsLong",
                    MethodType.methodType(long.class, long.class)).bindTo(careful);
            MemorySegment stub = Linker.nativeLinker().upcallStub(handle, LONG_TO_LONG, arena);
            return new NativeFunction(function.getClass().getName(), stub, /* java */ true);
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError(impossible.getMessage(), impossible);
        }
    }

    private static MemorySegment requireCode(String name, MemorySegment address) {
        if (!address.isNative()) {
            throw new IllegalArgumentException(name + " is on the Java heap; machine code lies in native memory");
        }
        if (address.address() == 0) {
            throw new IllegalArgumentException(name + " is NULL");
        }
        String at = name + " at " + hex(address.address());
        MemoryMap.Region region = MemoryMap.regionAt(address.address())
                .orElseThrow(() -> new IllegalArgumentException(at + " isn't mapped: is its library unloaded?"));
        if (!region.protection().has(Protection.EXEC)) {
            throw new IllegalArgumentException(at + " can't be executed: it is data ("
                    + region.protection() + (region.name().isEmpty() ? "" : ", " + region.name()) + ")");
        }
        if (region.isAnonymous() && CodeMemory.beginOf(address.address()).isEmpty()) {
            throw new IllegalArgumentException(at + " lies in memory that a JIT compiler wrote: a Java upcall stub "
                    + "can't run on a native thread, because the JVM would look for a Java thread there and end the "
                    + "process (NativeFunction.ofJava makes one for threads of Kind.POSIX)");
        }
        return address;
    }

    /**
     * Where it starts.
     *
     * @return the address, with the lifetime of its library
     */
    public MemorySegment address() {
        return address;
    }

    /**
     * Whether it is in Java, and so needs a thread that libc made, with a stack as large as the JVM demands.
     *
     * @return true when {@link #ofJava} made it
     */
    public boolean isJava() {
        return java;
    }

    /**
     * Its name.
     *
     * @return the symbol's name, or the address where it has none
     */
    @Override
    public String toString() {
        return name;
    }
}
