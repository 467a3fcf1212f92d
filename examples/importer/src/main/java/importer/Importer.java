package importer;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeThread;

/** Some of what linen offers: a raw system call, a memory mapping, a thread that the JVM doesn't know. */
public final class Importer {

    private Importer() {}

    /**
     * Prints the results of the three.
     *
     * @param arguments a text, if any
     */
    public static void main(String... arguments) throws InterruptedException {
        String text = arguments.length > 0 ? arguments[0] : "linen";
        System.out.println("getpid() is " + processId());
        System.out.println("a page has " + Mapping.pageSize() + " bytes; the second one keeps " + keepInSecondPage(42));
        System.out.println("strlen(\"" + text + "\") is " + lengthOnNativeThread(text));
    }

    /** From the kernel itself, by the system call getpid. */
    static long processId() {
        return Syscall.invoke(SyscallNumber.GETPID);
    }

    /** Maps two pages, the first of which can't be accessed. */
    static int keepInSecondPage(int value) {
        long page = Mapping.pageSize();
        try (Mapping memory = Mapping.anonymous(2 * page)) {
            memory.protect(0, page, Protection.NONE);
            memory.segment().set(ValueLayout.JAVA_INT, page, value);
            return memory.segment().get(ValueLayout.JAVA_INT, page);
        }
    }

    /** libc's strlen can run on a native thread: it uses none of libc's thread-local storage. */
    static long lengthOnNativeThread(String text) throws InterruptedException {
        NativeFunction strlen = NativeFunction.ofSymbol(Linker.nativeLinker().defaultLookup(), "strlen");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment string = arena.allocateFrom(text);
            try (NativeThread thread = NativeThread.start(strlen, string)) {
                return thread.join();
            }
        }
    }
}
