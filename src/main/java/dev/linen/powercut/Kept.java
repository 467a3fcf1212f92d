package dev.linen.powercut;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Keeps the smallest failing state in a folder, with what is needed to understand it. */
final class Kept {

    private static final int MOST_STATES = 100;

    private Kept() {}

    /** Returns the new folder: the first free number under another. */
    static Path save(Path under, ReportText text, Finding smallest, List<Finding> failing, Tree tree) {
        try {
            Path folder = create(under);
            Path state = Files.createDirectory(folder.resolve("state"));
            Scratch.fill(state, tree);
            Files.writeString(folder.resolve("calls.txt"), text.calls(smallest.state()));
            Files.writeString(folder.resolve("run.svg"), new RunPicture(text.run(), text.durability(),
                    smallest.state()).svg());
            Files.writeString(folder.resolve("README.md"), readme(text, smallest, failing, folder));
            return folder;
        } catch (IOException failed) {
            throw new UncheckedIOException("can't keep the failing state under " + under, failed);
        }
    }

    private static Path create(Path under) throws IOException {
        Files.createDirectories(under);
        for (int number = 1;; number++) {
            Path folder = under.resolve(Integer.toString(number));
            try {
                return Files.createDirectory(folder);
            } catch (FileAlreadyExistsException taken) {
                // by another run
            }
        }
    }

    private static String readme(ReportText text, Finding smallest, List<Finding> failing, Path folder) {
        StringBuilder readme = new StringBuilder("""
                # A power cut that loses what was acknowledged

                ```
                %s
                ```

                | file | content |
                |---|---|
                | `state/` | the folder as that power cut leaves it; recovery hasn't run on it |
                | `calls.txt` | the recorded calls: + on the disk, - missing, ~ damaged, without a mark: after the cut |
                | `run.svg` | the calls in time, and from when on each was durable; a browser shows it |

                Open a copy of `state/` with the store, because its recovery may change it:

                    cp -a %s/state /tmp/copy

                ## Other failing states

                """.formatted(text.failed(smallest, folder), folder.toAbsolutePath()));
        failing.stream().sorted(Finding.SMALLEST).limit(MOST_STATES)
                .forEach(finding -> readme.append("```\n").append(text.describe(finding)).append("\n```\n\n"));
        if (failing.size() > MOST_STATES) {
            readme.append("and ").append(failing.size() - MOST_STATES).append(" more\n");
        }
        return readme.toString();
    }
}
