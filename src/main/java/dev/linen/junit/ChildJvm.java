package dev.linen.junit;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A child JVM, for code that may crash or hang, or that needs other JVM flags. It runs the main method of a class, or a
 * lambda, with the modules and the class path of this JVM, and with native access for linen.
 *
 * <pre>{@code
 * Result result = ChildJvm.of(Main.class).flags("-Xint").run("argument");
 * assertEquals(0, result.exitStatus(), result::toString);
 *
 * assertEquals("42\n", ChildJvm.of(() -> System.out.println(42)).run().out());
 * }</pre>
 */
public final class ChildJvm {

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(Long.getLong("dev.linen.child.seconds", 120));

    private static final List<String> DEFAULT_FLAGS = Arrays.stream(
            System.getProperty("dev.linen.child.flags", "").split(" ")).filter(flag -> !flag.isEmpty()).toList();

    private final Class<?> main;

    /** A class of the test; differs from main if the child runs a lambda. */
    private final Class<?> origin;
    private final List<String> firstArguments;
    private final List<String> wrapper = new ArrayList<>();
    private final List<String> flags = new ArrayList<>();
    private Duration timeout = DEFAULT_TIMEOUT;
    private boolean withNativeAccess = true;
    private boolean onClassPath;

    private ChildJvm(Class<?> main, Class<?> origin, List<String> firstArguments) {
        this.main = main;
        this.origin = origin;
        this.firstArguments = firstArguments;
    }

    /** The code of a child: a lambda that captures only serialisable values. */
    @FunctionalInterface
    public interface Body extends Serializable {

        /**
         * Runs in the child.
         *
         * @throws Exception for any reason; the child then exits with status 1 and prints the stack trace to stderr
         */
        void run() throws Exception;
    }

    /**
     * The result of a child.
     *
     * @param exitStatus the exit status; if a signal killed the child, 128 plus the number of the signal: 139 for
     *        SIGSEGV
     * @param out the output to stdout
     * @param err the output to stderr
     * @param timedOut whether the child was killed because of the timeout
     */
    public record Result(int exitStatus, String out, String err, boolean timedOut) {}

    /**
     * Returns a child that runs the main method of a class.
     *
     * @param main a class with a main method; it may be nested, and neither the class nor the method needs to be public
     * @return the child, not yet started
     */
    public static ChildJvm of(Class<?> main) {
        return new ChildJvm(main, main, List.of());
    }

    /**
     * Returns a child that runs a lambda.
     *
     * @param body the lambda; captured values are copied
     * @return the child, not yet started
     * @throws IllegalArgumentException if the lambda captures a value that can't be serialised
     */
    public static ChildJvm of(Body body) {
        return new ChildJvm(ChildBody.class, ChildBody.origin(body), List.of(ChildBody.write(body)));
    }

    /**
     * Adds flags for the JVM. A child without flags has those of the system property {@code dev.linen.child.flags},
     * separated by spaces: an emulated machine starts a JVM faster with {@code -Xint}.
     *
     * @param more the flags, as on a command line; they come after linen's own flags and override them
     * @return this child
     */
    public ChildJvm flags(String... more) {
        flags.addAll(Arrays.asList(more));
        return this;
    }

    /**
     * Runs the child through another command: {@code "unshare", "-pf", "--mount-proc"}.
     *
     * @param command a program and its arguments; it must execute the rest of its command line
     * @return this child
     */
    public ChildJvm wrappedIn(String... command) {
        wrapper.addAll(Arrays.asList(command));
        return this;
    }

    /**
     * Starts the child without native access for linen.
     *
     * @return this child
     */
    public ChildJvm withoutNativeAccess() {
        withNativeAccess = false;
        return this;
    }

    /**
     * Puts everything on the class path, including linen. It is then part of the unnamed module, which doesn't get
     * native access.
     *
     * @return this child
     */
    public ChildJvm onClassPath() {
        onClassPath = true;
        return this;
    }

    /**
     * Sets the time after which the child is killed. The default is two minutes; where everything takes longer, as on an
     * emulated machine, the system property {@code dev.linen.child.seconds} sets another one.
     *
     * @param newTimeout the maximum run time
     * @return this child
     */
    public ChildJvm timeout(Duration newTimeout) {
        timeout = newTimeout;
        return this;
    }

    /**
     * Runs the child and waits for its end.
     *
     * @param arguments the arguments for the main method
     * @return the result
     * @throws AssertionError if the child can't be started, or if this thread is interrupted
     */
    public Result run(String... arguments) {
        List<String> command = new ArrayList<>(wrapper);
        List<String> chosen = flags.isEmpty() ? DEFAULT_FLAGS : flags;
        command.addAll(onClassPath
                ? ChildCommand.onClassPath(main, origin, chosen)
                : ChildCommand.asHere(main, origin, withNativeAccess, chosen));
        command.addAll(firstArguments);
        command.addAll(Arrays.asList(arguments));
        try {
            return run(command);
        } catch (IOException failed) {
            throw new AssertionError("can't run " + command, failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while a child ran", interrupted);
        }
    }

    /** The output is written to files, because a child could block on a full pipe. */
    private Result run(List<String> command) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("child-jvm-");
        File out = directory.resolve("out").toFile();
        File err = directory.resolve("err").toFile();
        try {
            Process process = new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
            try {
                boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
                kill(process);
                return new Result(process.waitFor(), Files.readString(out.toPath()), Files.readString(err.toPath()),
                        !ended);
            } finally {
                kill(process);
            }
        } finally { // also if the child can't be started
            out.delete();
            err.delete();
            directory.toFile().delete();
        }
    }

    /** Kills the process and its descendants: with a wrapper, the JVM is a descendant. */
    private static void kill(Process process) {
        if (process.isAlive()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
