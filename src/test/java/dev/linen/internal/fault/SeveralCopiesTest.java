package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

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

    /** An application that has used threads ends. Its class loader is closed, and nothing of linen's keeps it. */
    static final class Undeployed {
        private static final String NAP = """
                #include <asm/unistd.h>
                long f(long millis)
                {
                    long time[2] = {0, millis * 1000000};
                    long result;
                    __asm__ volatile("syscall" : "=a"(result) : "a"(__NR_nanosleep), "D"(time), "S"(0)
                                     : "rcx", "r11", "memory");
                    return result;
                }
                """;

        private static WeakReference<ClassLoader> use() throws Exception {
            Copy copy = Copy.load("application");
            Object joined = copy.start(NAP, 30);
            Copy.call(joined, "join");
            Copy.call(joined, "close");
            Object watched = copy.start(NAP, 30);
            ((CompletableFuture<?>) Copy.call(watched, "onExit")).join();
            Copy.call(watched, "detach");
            ((URLClassLoader) copy.loader()).close();
            return new WeakReference<>(copy.loader());
        }

        public static void main(String... arguments) throws Exception {
            WeakReference<ClassLoader> loader = use();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (loader.get() != null && System.nanoTime() < deadline) {
                System.gc();
                Thread.sleep(20);
            }
            System.out.print(loader.get() == null ? "collected" : "kept");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void classLoader_threadsWereUsed_isCollected() {
        ChildJvm.Result result = ChildJvm.of(Undeployed.class).flags("--enable-native-access=ALL-UNNAMED").run();
        assertEquals("collected", result.out(), result::toString);
    }
}
