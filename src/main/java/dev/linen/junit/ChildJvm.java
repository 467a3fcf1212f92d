package dev.linen.junit;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own for what may crash, hang, or needs other flags: runs the main method of a class, or a lambda, with the
 * modules and class path of this JVM, and native access for linen.
 *
 * <pre>{@code
 * Result result = ChildJvm.of(Main.class).flags("-Xint").run("argument");
 * assertEquals(0, result.exitStatus(), result::toString);
 *
 * assertEquals("42\n", ChildJvm.of(() -> System.out.println(42)).run().out());
 * }</pre>
 */
public final class ChildJvm {

    private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);

    private final Class<?> main;

    /** The test's, which main isn't for a lambda. */
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

    /** What a child does: a lambda that captures nothing but what can be serialised. */
    @FunctionalInterface
    public interface Body extends Serializable {

        /**
         * Runs in the child.
         *
         * @throws Exception for any reason; the child's exit status is 1 then, and stderr has the trace
         */
        void run() throws Exception;
    }

    /**
     * What became of a child.
     *
     * @param exitStatus what it exited with; 128 and the signal's number when a signal ended it: 139 for SIGSEGV
     * @param out what it wrote to stdout
     * @param err what it wrote to stderr
     * @param timedOut whether it had to be killed
     */
    public record Result(int exitStatus, String out, String err, boolean timedOut) {}

    /**
     * A child that runs a class's main method.
     *
     * @param main a class with a main method; it may be nested, and neither it nor its method public
     * @return the child, not yet started
     */
    public static ChildJvm of(Class<?> main) {
        return new ChildJvm(main, main, List.of());
    }

    /**
     * A child that runs a lambda.
     *
     * @param body the lambda; what it captures is copied
     * @return the child, not yet started
     * @throws IllegalArgumentException when it captures what can't be serialised
     */
    public static ChildJvm of(Body body) {
        return new ChildJvm(ChildBody.class, ChildBody.origin(body), List.of(ChildBody.write(body)));
    }

    /**
     * Adds flags for the JVM.
     *
     * @param more the flags, as they are typed; they come last, and win
     * @return this child
     */
    public ChildJvm flags(String... more) {
        flags.addAll(Arrays.asList(more));
        return this;
    }

    /**
     * Puts a command in front of the JVM's: {@code "unshare", "-pf", "--mount-proc"}.
     *
     * @param command a program and arguments; it runs the rest of the line
     * @return this child
     */
    public ChildJvm wrappedIn(String... command) {
        wrapper.addAll(Arrays.asList(command));
        return this;
    }

    /**
     * Grants native access to nobody.
     *
     * @return this child
     */
    public ChildJvm withoutNativeAccess() {
        withNativeAccess = false;
        return this;
    }

    /**
     * Puts everything on the class path, linen as well, as a part of the unnamed module, which nobody grants native access.
     *
     * @return this child
     */
    public ChildJvm onClassPath() {
        onClassPath = true;
        return this;
    }

    /**
     * Kills the child after that time; after two minutes unless said otherwise.
     *
     * @param newTimeout how long it may run
     * @return this child
     */
    public ChildJvm timeout(Duration newTimeout) {
        timeout = newTimeout;
        return this;
    }

    /**
     * Runs it to its end.
     *
     * @param arguments for the main method
     * @return what became of it
     * @throws AssertionError when it can't be started, or this thread is interrupted
     */
    public Result run(String... arguments) {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(onClassPath
                ? ChildCommand.onClassPath(main, origin, flags)
                : ChildCommand.asHere(main, origin, withNativeAccess, flags));
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

    /** Output goes to files: so a child that fills both pipes can't get stuck. */
    private Result run(List<String> command) throws IOException, InterruptedException {
        File out = File.createTempFile("child-jvm-", ".out");
        File err = File.createTempFile("child-jvm-", ".err");
        Process process = new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
        try {
            boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
            kill(process);
            return new Result(process.waitFor(), Files.readString(out.toPath()), Files.readString(err.toPath()),
                    !ended);
        } finally {
            kill(process);
            Files.delete(out.toPath());
            Files.delete(err.toPath());
        }
    }

    /** And those that it started, which may be what is wrapped. */
    private static void kill(Process process) {
        if (process.isAlive()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
