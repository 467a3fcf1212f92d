package dev.linen.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own for what may crash, hang, or needs other flags: runs the main method of a test class with linen as a
 * named module, as in this JVM.
 *
 * <pre>{@code
 * Result result = ChildJvm.of(Main.class).flags("-Xint").run("argument");
 * assertEquals(0, result.exitStatus(), result::toString);
 * }</pre>
 */
public final class ChildJvm {

    private final Class<?> main;
    private final List<String> wrapper = new ArrayList<>();
    private final List<String> flags = new ArrayList<>();
    private String nativeAccess = "--enable-native-access=dev.linen";
    private boolean onClassPath;
    private long minutes = 2;

    private ChildJvm(Class<?> main) {
        this.main = main;
    }

    /** What became of it. */
    public record Result(int exitStatus, String out, String err) {}

    /** Will run this class's main method. */
    public static ChildJvm of(Class<?> main) {
        return new ChildJvm(main);
    }

    /** Adds flags for the JVM. */
    public ChildJvm flags(String... more) {
        flags.addAll(Arrays.asList(more));
        return this;
    }

    /** Puts a command in front of the JVM's: {@code "unshare", "-pf", "--mount-proc"}. */
    public ChildJvm wrappedIn(String... command) {
        wrapper.addAll(Arrays.asList(command));
        return this;
    }

    /** Grants native access to nobody. */
    public ChildJvm withoutNativeAccess() {
        nativeAccess = "--enable-native-access=java.base";
        return this;
    }

    /** Puts linen on the class path, as a part of the unnamed module, which nobody grants native access. */
    public ChildJvm onClassPath() {
        onClassPath = true;
        return this;
    }

    /** Waits that long for it, instead of two minutes. */
    public ChildJvm minutes(long newMinutes) {
        minutes = newMinutes;
        return this;
    }

    /** Runs it to its end; kills it after two minutes, unless it was given more. */
    public Result run(String... arguments) {
        List<String> command = new ArrayList<>(wrapper);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Path tests = Path.of("target", "test-classes").toAbsolutePath();
        if (onClassPath) {
            command.addAll(List.of("--class-path", String.join(File.pathSeparator, tests.toString(),
                    path("jdk.module.path"), path("java.class.path"))));
        } else {
            command.addAll(List.of("--module-path", path("jdk.module.path"), "--class-path", path("java.class.path"),
                    "--patch-module", "dev.linen=" + tests, "--add-modules", "dev.linen", "--add-reads",
                    "dev.linen=ALL-UNNAMED", nativeAccess));
        }
        if (Runtime.version().feature() >= 24) {
            command.add("--illegal-native-access=deny");
        }
        command.addAll(flags);
        command.addAll(onClassPath ? List.of(main.getName()) : List.of("--module", "dev.linen/" + main.getName()));
        command.addAll(Arrays.asList(arguments));
        try {
            return run(command);
        } catch (IOException failed) {
            throw new AssertionError("can't run " + command, failed);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** Output goes to files: so a child that fills both pipes can't get stuck. */
    private Result run(List<String> command) throws IOException, InterruptedException {
        File out = File.createTempFile("child-jvm-", ".out");
        File err = File.createTempFile("child-jvm-", ".err");
        try {
            Process process = new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
            if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            return new Result(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
        } finally {
            Files.delete(out.toPath());
            Files.delete(err.toPath());
        }
    }

    private static String path(String property) {
        String path = System.getProperty(property, "");
        return path.isEmpty() ? "." : path;
    }
}
