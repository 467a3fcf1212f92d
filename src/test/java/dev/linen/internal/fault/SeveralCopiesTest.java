package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.Callable;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.function.CSource;
import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.junit.ChildJvm;
import dev.linen.memory.Mapping;
import dev.linen.testing.ApplicationLoader;
import dev.linen.testing.Code;
import dev.linen.testing.Garbage;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThread.Kind;
import dev.linen.thread.NativeThreadBuilder;

/** Applications in one JVM that each bring a linen of their own. */
class SeveralCopiesTest {

    /** One application's linen, used by reflection. */
    record Copy(ClassLoader loader) {

        static Copy load(String name) throws ReflectiveOperationException, IOException {
            return new Copy(new ApplicationLoader(name));
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
        private static final String LOOP = "void f(void) { for (;;) __asm__ volatile(\"\"); }";

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
        ChildJvm.Result result = ChildJvm.of(Two.class).onClassPath().flags("--enable-native-access=ALL-UNNAMED").run();
        assertEquals("NativeFaultException NativeFaultException null ".repeat(2)
                + "NativeThreadKilledException ON ON", result.out(), result::toString);
    }

    /** What an application does: each has a class loader, and so a linen, of its own. */
    public static final class Application implements Callable<Long> {
        private static final String NAP = """
                #include "cpu.h"
                long f(long millis)
                {
                    long time[2] = {0, millis * 1000000};
                    return cpu_syscall(__NR_nanosleep, (long)time, 0, 0, 0, 0, 0);
                }
                long read(long *p) { return *p; }
                """;

        private long ends;

        @Override
        public Long call() throws Exception {
            CSource c = CSource.compile(NAP, Code.includeCpu());
            NativeFunction nap = c.function("f");
            try (Arena arena = Arena.ofShared()) {
                NativeFunction java = NativeFunction.ofJava(n -> n + 1, arena);
                NativeThreadBuilder posix = NativeThread.builder().kind(Kind.POSIX);
                for (NativeThreadBuilder builder : List.of(NativeThread.builder(), posix)) {
                    join(builder.start(nap, 30));
                    watch(builder.start(nap, 30));
                    builder.start(nap, 30).detach();
                }
                join(posix.start(java, -1));
                watch(posix.name("java").start(java, -1));
            }
            join(NativeThread.start(c.function("read"), 8));
            watch(NativeThread.start(c.function("read"), 8));
            NativeThread.start(c.function("read"), 8).close(); // its fault is logged
            try (Mapping mapping = Mapping.anonymous(4096)) {
                ends += Futex.ofShared(mapping.segment()).wakeAll();
            }
            return ends;
        }

        private void join(NativeThread thread) throws InterruptedException {
            try (thread) {
                ends += thread.join() + 1;
            } catch (NativeFaultException expected) {
                ends += expected.fault().report().isEmpty() ? 0 : 1;
            }
        }

        private void watch(NativeThread thread) {
            ends += thread.onExit().handle((result, fault) -> fault == null ? result + 1 : 1).join();
            thread.detach();
        }
    }

    /** An application that ends before linen's helper thread has looked after anything: see Undeployed. */
    public static final class Brief implements Callable<Long> {
        @Override
        public Long call() throws Exception {
            try (Arena arena = Arena.ofShared();
                    NativeThread thread = NativeThread.builder().kind(Kind.POSIX)
                            .start(NativeFunction.ofJava(n -> n + 1, arena), 0)) {
                return thread.join();
            }
        }
    }

    /** An application ends. Its class loader is closed, and nothing of linen's keeps it. */
    static final class Undeployed {
        private static WeakReference<ClassLoader> use(Class<?> main) throws Exception {
            try (ApplicationLoader loader = new ApplicationLoader("application")) {
                if (main == Brief.class) {
                    loader.endForHelpers();
                }
                Callable<?> application = (Callable<?>) loader.create(main);
                System.out.print(application.call() + " ends, ");
                return new WeakReference<>(loader);
            }
        }

        public static void main(String... arguments) throws Exception {
            WeakReference<ClassLoader> loader = use(Class.forName(arguments[0]));
            while (loader.get() != null) { // or until the child is killed
                Garbage.collect();
            }
            System.out.print("collected");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"Application, 8", "Brief, 1"})
    void classLoader_threadsOfEachKindWereUsed_isCollected(String application, int ends) {
        // The JDK's ObjectMethods keeps the last record that it has seen by a soft reference.
        ChildJvm.Result result = ChildJvm.of(Undeployed.class).onClassPath()
                .flags("--enable-native-access=ALL-UNNAMED", "-XX:SoftRefLRUPolicyMSPerMB=0")
                .run(SeveralCopiesTest.class.getName() + "$" + application);
        assertEquals(ends + " ends, collected", result.out(), result::toString);
    }
}
