package dev.linen.powercut;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What is in a folder, in a line: {@code name=content} for a file, {@code name/}, {@code name>target}. */
final class FolderText {

    private static final int MOST = 20;

    private FolderText() {}

    static String of(Path folder) throws IOException {
        List<String> files = new ArrayList<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) paths.sorted()::iterator) {
                String name = folder.relativize(path).toString();
                if (Files.isSymbolicLink(path)) {
                    files.add(name + ">" + Files.readSymbolicLink(path));
                } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                    files.add(name.isEmpty() ? "" : name + "/");
                } else {
                    files.add(name + "=" + shown(Files.readAllBytes(path)));
                }
            }
        }
        return String.join(" ", files).strip();
    }

    /** A zero is shown as 0, what is no letter as ?. Of much the beginning, the length and a hash. */
    private static String shown(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte each : bytes) {
            text.append(each == 0 ? '0' : Character.isLetter(each) && each > 0 ? (char) each : '?');
        }
        return text.length() <= MOST
                ? text.toString()
                : text.substring(0, MOST) + "..." + bytes.length + "#" + Arrays.hashCode(bytes);
    }
}
