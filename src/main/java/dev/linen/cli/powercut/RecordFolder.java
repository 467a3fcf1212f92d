package dev.linen.cli.powercut;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import dev.linen.powercut.RecordingAgent;

/**
 * A folder with the records of a command's JVMs, and what these need: {@code folder}, which says what is recorded, and
 * {@code agent.jar}.
 *
 * @param path its real path
 * @param recorded the folder of the program's files
 */
public record RecordFolder(Path path, Path recorded) {

    private static final String OPTIONS = "JAVA_TOOL_OPTIONS";

    /** What a program writes may be secret, and is in its record. */
    private static final FileAttribute<?> PRIVATE = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /**
     * Creates a folder.
     *
     * @param chosen a folder that is new or empty; or null for a new one under target, or here
     * @param recorded the folder of the program's files
     * @throws IOException if that isn't possible; the message is for the user
     */
    public static RecordFolder create(@Nullable Path chosen, Path recorded) throws IOException {
        if (!Files.isDirectory(recorded)) {
            throw new IOException(recorded + " isn't a folder: create it first");
        }
        Path real = recorded.toRealPath();
        Path out = (chosen == null ? fresh() : chosen).toAbsolutePath().normalize();
        for (Path above = out; above != null; above = above.getParent()) {
            if (Files.exists(above) && above.toRealPath().startsWith(real)) {
                throw new IOException(out + " is in the folder that is recorded: choose another one, --into OUT");
            }
            String name = (Files.exists(above) ? above.toRealPath() : above).toString();
            if (name.contains("=")) {
                throw new IOException(name + " has an =, which a JVM takes for the end of -javaagent's file: choose "
                        + "another folder, --into OUT");
            }
        }
        try {
            Files.createDirectory(out, PRIVATE);
        } catch (FileAlreadyExistsException there) {
            requireEmpty(out);
        } catch (NoSuchFileException noParent) {
            throw new IOException(out.getParent() + " isn't a folder: create it first", noParent);
        }
        Files.writeString(out.resolve("folder"), real.toString());
        return new RecordFolder(out.toRealPath(), real);
    }

    private static Path fresh() {
        Path under = Path.of(Files.isDirectory(Path.of("target")) ? "target" : "");
        int number = 1;
        while (Files.exists(under.resolve("power-cut-record-" + number))) {
            number++;
        }
        return under.resolve("power-cut-record-" + number);
    }

    private static void requireEmpty(Path out) throws IOException {
        if (!Files.isDirectory(out)) {
            throw new IOException(out + " isn't a folder");
        }
        try (Stream<Path> files = Files.list(out)) {
            if (files.findAny().isPresent()) {
                throw new IOException(out + " isn't empty, and holds one record only: choose another one, --into OUT");
            }
        }
    }

    /**
     * Opens a folder that has records.
     *
     * @throws IOException if it hasn't
     */
    public static RecordFolder open(Path out) throws IOException {
        if (!Files.isRegularFile(out.resolve("folder"))) {
            throw new IOException(out + " has no record: linen powercut --record makes one");
        }
        return new RecordFolder(out.toRealPath(), Path.of(Files.readString(out.resolve("folder"))));
    }

    /**
     * Starts a command of which each JVM records itself. It has this process's standard input and output.
     *
     * @throws IOException if it can't be started
     */
    public Process start(List<String> command) throws IOException {
        Path agent = path.resolve("agent.jar");
        writeAgent(agent);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        String own = quoted("-javaagent:" + agent + "=" + path) + " --enable-native-access=ALL-UNNAMED";
        builder.environment().merge(OPTIONS, own, (there, added) -> there + " " + added);
        return builder.start();
    }

    /** A jar that only names linen's, which may be a folder: target/classes. */
    private static void writeAgent(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(new Attributes.Name("Premain-Class"), RecordingAgent.class.getName());
        try {
            attributes.put(Attributes.Name.CLASS_PATH,
                    RecordingAgent.class.getProtectionDomain().getCodeSource().getLocation().toURI().toASCIIString());
        } catch (URISyntaxException impossible) { // the JVM made it
            throw new IOException(impossible);
        }
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream empty = new JarOutputStream(out, manifest)) {
            empty.finish();
        }
    }

    /** The JVM splits the variable at blanks that aren't in quotes. */
    static String quoted(String option) {
        return "'" + option.replace("'", "'\"'\"'") + "'";
    }

    /** Returns the path as a user would type it. */
    public String shown() {
        return shown(path);
    }

    static String shown(Path path) {
        Path here = Path.of("").toAbsolutePath();
        return (path.startsWith(here) ? here.relativize(path) : path).toString();
    }
}
