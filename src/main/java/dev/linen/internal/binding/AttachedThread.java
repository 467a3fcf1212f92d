package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.Numbers;

/** A thread of libc's that is one of the JVM's, too, because a function of it is in Java or called Java. */
public final class AttachedThread {

    /** What the JVM's names for such threads begin with. */
    private static final String UNNAMED = "Thread-";

    /** TASK_COMM_LEN, with the final 0. It is in the kernel's internal linux/sched.h; no exported header has it. */
    private static final int NAME_BYTES = 16;

    /** Not a static final: an error in its initializer would be permanent. */
    private static volatile long jvm;

    private AttachedThread() {}

    /**
     * Returns the address of the JavaVM: by its functions, a thread attaches itself to the JVM.
     *
     * @return the address, or 0 if the JVM isn't in a library named {@code libjvm.so}
     */
    public static long jvm() {
        if (jvm == 0) {
            try (Arena arena = Arena.ofConfined()) {
                jvm = SymbolLookup.libraryLookup("libjvm.so", arena).find("JNI_GetCreatedJavaVMs")
                        .map(AttachedThread::created).orElse(0L);
            } catch (IllegalArgumentException inAnotherLibrary) {
                // such as a program that a native image compiler made
            }
        }
        return jvm;
    }

    /** A process can't have more than one. */
    private static long created(MemorySegment jniGetCreatedJavaVMs) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(JAVA_LONG);
            MemorySegment count = arena.allocate(JAVA_INT);
            long ignored = (long) DynamicLinker.downcall(jniGetCreatedJavaVMs).invokeExact(found.address(), 1L,
                    count.address(), 0L, 0L, 0L, 0L);
            return found.get(JAVA_LONG, 0);
        } catch (Throwable t) {
            throw Trampoline.asIs(t);
        }
    }

    /** Returns a name as the JVM takes it: what UTF-8 has no bytes for is replaced, as in the kernel's copy. */
    public static byte[] modifiedUtf8(String name) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeUTF(new String(name.getBytes(UTF_8), UTF_8));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return Arrays.copyOfRange(bytes.toByteArray(), Short.BYTES, bytes.size()); // the length is before it
    }

    /**
     * Gives the current thread, if the JVM has only numbered it, the name that it has in the kernel: the one that its
     * creator chose. For a native function that calls one in Java: Flight Recorder ignores this name, but jstack and
     * profilers don't. A failure has no effect.
     */
    public static void takeName() {
        try {
            Thread self = Thread.currentThread();
            if (self.isDaemon() && !self.isVirtual() && self.getName().startsWith(UNNAMED)) {
                self.setName(kernelName());
            }
        } catch (Throwable ignored) { // also a StackOverflowError: the function is what counts
            // the name stays
        }
    }

    private static String kernelName() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(NAME_BYTES);
            Trampoline.syscall(Numbers.__NR_prctl(), Kernel.PR_GET_NAME, name.address());
            return name.getString(0);
        }
    }
}
