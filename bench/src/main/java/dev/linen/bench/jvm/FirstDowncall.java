package dev.linen.bench.jvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/** The time in nanoseconds from {@code main} to the end of the JVM's first downcall, using only the JDK. */
public final class FirstDowncall {

    private FirstDowncall() {}

    public static void main(String... arguments) throws Throwable {
        long begin = System.nanoTime();
        Linker linker = Linker.nativeLinker();
        long result = (long) linker.downcallHandle(linker.defaultLookup().find("labs").orElseThrow(),
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG)).invokeExact(-27L);
        long end = System.nanoTime();
        System.out.println((result == 27 ? "first " : "wrong ") + (end - begin));
    }
}
