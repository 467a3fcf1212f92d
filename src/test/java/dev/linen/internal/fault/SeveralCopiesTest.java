package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import dev.linen.junit.ChildJvm;

/** Applications in one JVM that each bring a linen of their own. */
class SeveralCopiesTest {

    /** One application's linen, used by reflection. */
    private record Copy(ClassLoader loader) {

        static Copy load(String name) throws ReflectiveOperationException, IOException {
            URL classes = Path.of("target", "classes").toUri().toURL();
            return new Copy(new URLClassLoader(name, new URL[]{classes}, ClassLoader.getPlatformClassLoader()));
        }

        Object start(String text, long argument) throws ReflectiveOperationException {
            Class<?> source = loader.loadClass("dev.linen.function.CSource");
            Object compiled = source.getMethod("compile", String.class, String[].class).invoke(null, text,
                    new String[0]);
            Object function = source.getMethod("function", String.class).invoke(compiled, "f");
            return loader.loadClass("dev.linen.thread.NativeThread")
                    .getMethod("start", loader.loadClass("dev.linen.function.NativeFunction"), long.class)
                    .invoke(null, function, argument);
        }

        /** What a method of a thread returns, or the name of the exception that it throws. */
        static Object call(Object thread, String method) throws ReflectiveOperationException {
            Method called = thread.getClass().getMethod(method);
            try {
                return called.invoke(thread);
            } catch (InvocationTargetException thrown) {
                return thrown.getCause().getClass().getSimpleName();
            }
        }

        Object containment() throws ReflectiveOperationException {
            return loader.loadClass("dev.linen.Linen").getMethod("faultContainment").invoke(null);
        }
    }

    static final class Two {
        private static final String IDENTITY = "long f(long x) { return x; }";
        private static final String READ = "long f(long *p) { return *p; }";
        private static final String LOOP = "void f(void) { for (;;) __asm__ volatile(\"pause\"); }";

        private static int length(int[] array) {
            return array.length;
        }

        public static void main(String... arguments) throws Exception {
            int sum = 0;
            for (int i = 0; i < 100_000; i++) { // compiled, so that a null is found by SIGSEGV
                sum += length(new int[1]);
            }
            Copy one = Copy.load("one");
            Object loops = one.start(LOOP, 0);
            Copy two = Copy.load("two");
            Copy.call(two.start(IDENTITY, 1), "join");
            Thread.sleep(150); // the next start checks the handlers
            for (int i = 0; i < 2; i++) {
                System.out.print(Copy.call(one.start(READ, 8), "join") + " " + Copy.call(two.start(READ, 8), "join")
                        + " ");
                try {
                    sum += length(System.nanoTime() == 0 ? new int[1] : null);
                } catch (NullPointerException expected) {
                    System.out.print("null ");
                }
                Thread.sleep(150);
            }
            Copy.call(loops, "kill");
            System.out.print(Copy.call(loops, "join") + " " + one.containment() + " " + two.containment()
                    + (sum == 100_000 ? "" : sum));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void faults_twoCopies_areContainedByEither() {
        ChildJvm.Result result = ChildJvm.of(Two.class).flags("--enable-native-access=ALL-UNNAMED").run();
        assertEquals("NativeFaultException NativeFaultException null ".repeat(2)
                + "NativeThreadKilledException ON ON", result.out(), result::toString);
    }
}
