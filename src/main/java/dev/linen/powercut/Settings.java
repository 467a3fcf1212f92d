package dev.linen.powercut;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * How states are tried.
 *
 * @param model the file system's promises
 * @param most how many states are made at most
 * @param seed which ones are chosen if there are more
 * @param keepUnder where failing states are kept
 * @param progress gets a line every few seconds
 */
record Settings(DiskModel model, long most, long seed, Path keepUnder, Consumer<String> progress) {

    static final int DEFAULT_MOST = 10_000;

    static Settings defaults() {
        return new Settings(DiskModel.POSIX, DEFAULT_MOST, 1, buildFolder().resolve("power-cut"), System.err::println);
    }

    /** Maven's or Gradle's. */
    private static Path buildFolder() {
        for (String each : new String[]{"target", "build"}) {
            if (Files.isDirectory(Path.of(each))) {
                return Path.of(each);
            }
        }
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    Settings withModel(DiskModel other) {
        return new Settings(other, most, seed, keepUnder, progress);
    }

    Settings withMost(long other) {
        return new Settings(model, other, seed, keepUnder, progress);
    }

    Settings withSeed(long other) {
        return new Settings(model, most, other, keepUnder, progress);
    }

    Settings withKeepUnder(Path other) {
        return new Settings(model, most, seed, other, progress);
    }

    Settings withProgress(Consumer<String> other) {
        return new Settings(model, most, seed, keepUnder, other);
    }
}
