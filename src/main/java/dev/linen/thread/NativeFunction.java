package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.NoSuchElementException;

import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;

/**
 * A function that a native thread can run: {@code void *function(void *argument)}, in machine code.
 *
 * <p>It runs on a thread that neither the JVM nor libc knows. So it may call the kernel, compute, and call other functions
 * of that kind (memcpy, strlen, checksums, libm without errors); not malloc, stdio, errno, locale functions or pthread
 * mutexes, which reach for what libc keeps of each of its own threads; and never Java: <b>an upcall stub is refused</b>, since HotSpot finds its thread
 * through that same storage and ends the process when there is none.
 *
 * <p>The library that it lies in must stay loaded while a thread runs it: use {@code Arena.global()}, or an arena that is
 * closed after the thread.
 */
public final class NativeFunction {

    private final String name;
    private final MemorySegment address;

    private NativeFunction(String name, MemorySegment address) {
        this.name = name;
        this.address = address;
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
        return new NativeFunction(name, requireCode(name, address));
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
        return new NativeFunction(hex(address.address()), requireCode("the function", address));
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
        if (region.isAnonymous() && MachineCode.at(address.address()).isEmpty()) {
            throw new IllegalArgumentException(at + " lies in memory that a JIT compiler wrote: a Java upcall stub "
                    + "can't run on a native thread, because the JVM would look for a Java thread there and end the "
                    + "process");
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

    /** @throws IllegalStateException when its library is unloaded */
    long liveAddress() {
        if (!address.scope().isAlive()) {
            throw new IllegalStateException("the library of " + name + " is unloaded: the arena that it was looked up "
                    + "with is closed");
        }
        return address.address();
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
