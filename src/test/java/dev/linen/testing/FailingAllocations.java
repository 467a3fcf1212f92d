package dev.linen.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import dev.linen.junit.ChildJvm;

/**
 * Makes a chosen allocation in a child JVM fail with an OutOfMemoryError: the first, the second, the third ... until
 * none is left. The agent that does it is {@code failing/Allocations.java}.
 */
public final class FailingAllocations {

    private static final String AGENT = "failing.Allocations";

    /** Since then there is java.lang.classfile. */
    private static final int OLDEST = 24;

    private static final LongFunction<@Nullable Throwable> REMOTE = remote();

    private FailingAllocations() {}

    /**
     * In such a child: lets the start of some threads fail from now on. The condition is checked by the thread that
     * starts the other one, which holds that one's monitor.
     */
    public static void refuseThreads(Predicate<Thread> which) {
        try {
            Class.forName(AGENT, true, null).getField("refusal").set(null, which);
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Returns a child in which this works. */
    public static ChildJvm child(Class<?> main, Path directory) {
        Skip.unless(Runtime.version().feature() >= OLDEST, "needs java.lang.classfile, which Java " + OLDEST + " has");
        return ChildJvm.of(main).onClassPath().flags("--enable-native-access=ALL-UNNAMED",
                "-javaagent:" + jar(directory));
    }

    private static Path jar(Path directory) {
        try {
            URL source = Objects.requireNonNull(FailingAllocations.class.getResource("/failing/Allocations.java"));
            int status = ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, "-d",
                    directory.toString(), Path.of(source.toURI()).toString());
            if (status != 0) {
                throw new AssertionError("the agent doesn't compile");
            }
            Path jar = directory.resolve("failing.jar");
            Manifest manifest = new Manifest();
            Attributes attributes = manifest.getMainAttributes();
            attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
            attributes.putValue("Premain-Class", AGENT);
            attributes.putValue("Can-Retransform-Classes", "true");
            attributes.putValue("Boot-Class-Path", jar.getFileName().toString());
            try (OutputStream file = Files.newOutputStream(jar);
                    JarOutputStream out = new JarOutputStream(file, manifest);
                    Stream<Path> classes = Files.list(directory.resolve("failing"))) {
                for (Path each : classes.toList()) {
                    out.putNextEntry(new JarEntry("failing/" + each.getFileName()));
                    Files.copy(each, out);
                }
            }
            return jar;
        } catch (IOException | URISyntaxException failed) {
            throw new AssertionError(failed);
        }
    }

    @SuppressWarnings("unchecked")
    private static LongFunction<@Nullable Throwable> remote() {
        try {
            return (LongFunction<@Nullable Throwable>) Class.forName(AGENT, true, null).getField("REMOTE").get(null);
        } catch (ClassNotFoundException notInAChild) {
            return command -> null;
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /**
     * In such a child: lets an allocation fail.
     *
     * @param allocation which one from now on, beginning with 1
     * @param andAllThatFollow whether those after it fail, too
     * @param ofHelpers whether linen's helper threads are meant, not the calling thread
     */
    public static void arm(long allocation, boolean andAllThatFollow, boolean ofHelpers) {
        REMOTE.apply(allocation << 2 | (andAllThatFollow ? 2 : 0) | (ofHelpers ? 1 : 0));
    }

    /** Whether an allocation has failed since the last call of {@link #arm}. */
    public static boolean hasFailed() {
        return REMOTE.apply(-2) != null;
    }

    /** Lets no allocation fail from now on. Returns the last error that was thrown, null if there was none. */
    public static @Nullable Throwable disarm() {
        return REMOTE.apply(-1);
    }
}
