package dev.linen.inject;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/** Calls functions of libc, for system calls that the JDK doesn't make. linen's own calls aren't seen. */
final class Libc {

    private Libc() {}

    /** Returns the int or long that a function returned. Arguments are numbers, Paths, Strings or segments. */
    static long call(String function, Object... arguments) {
        Linker linker = Linker.nativeLinker();
        MemoryLayout[] longs = new MemoryLayout[arguments.length];
        Arrays.fill(longs, JAVA_LONG);
        try (Arena arena = Arena.ofConfined()) {
            Object[] values = new Object[arguments.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = switch (arguments[i]) {
                    case Number number -> number.longValue();
                    case MemorySegment segment -> segment.address();
                    case Path path -> arena.allocateFrom(path.toString()).address();
                    default -> arena.allocateFrom(arguments[i].toString()).address();
                };
            }
            return (long) linker.downcallHandle(linker.defaultLookup().find(function).orElseThrow(),
                    FunctionDescriptor.of(JAVA_LONG, longs)).invokeWithArguments(values);
        } catch (Throwable thrown) {
            throw new AssertionError(function, thrown);
        }
    }

    /** Returns a descriptor. */
    static int open(Path file, int flags) {
        return (int) call("open", file, flags, 0644);
    }

    static int close(int descriptor) {
        return (int) call("close", descriptor);
    }
}
