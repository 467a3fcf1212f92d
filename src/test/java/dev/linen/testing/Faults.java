package dev.linen.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import dev.linen.function.NativeFunction;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadBuilder;
import dev.linen.thread.ThreadFault;

/** Native threads that are ended by a fault. */
public final class Faults {

    /** The size of {@link #closedMapping}. */
    public static final long CLOSED_BYTES = 256 << 20;

    private Faults() {}

    /** A function of faults.c. */
    public static NativeFunction faulty(String name) {
        return NativeFunction.ofSymbol(TestFunctions.library("faults"), name);
    }

    /** Runs a function that faults, and returns the fault. */
    public static ThreadFault fault(NativeThreadBuilder builder, NativeFunction function, long argument) {
        try (NativeThread thread = builder.start(function, argument)) {
            return assertThrows(NativeFaultException.class, thread::join).fault();
        }
    }

    /** Runs a function of faults.c. */
    public static ThreadFault fault(String function, long argument) {
        return fault(NativeThread.builder(), faulty(function), argument);
    }

    /** The calling thread accesses memory behind the end of a file; the JVM makes an InternalError of that. */
    public static void faultInJava() throws IOException {
        Path file = Files.createTempFile("linen", ".fault");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), 0);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 1, arena);
                channel.truncate(0);
                assertThrows(InternalError.class, () -> {
                    mapped.get(ValueLayout.JAVA_BYTE, 0);
                    Thread.sleep(1); // where the error may be thrown as well
                });
            }
        } finally {
            Files.delete(file);
        }
    }

    /**
     * Returns the address of a mapping that was closed. It is so large that nothing will be mapped at its beginning: the
     * kernel places what other threads map meanwhile at the upper end of the hole.
     */
    public static long closedMapping() {
        Mapping mapping = Mapping.anonymous(CLOSED_BYTES, Protection.NONE, MapFlags.PRIVATE);
        mapping.close();
        return mapping.address();
    }
}
