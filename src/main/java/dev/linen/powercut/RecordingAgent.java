package dev.linen.powercut;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

import dev.linen.inject.ProgramRecord;

/**
 * The Java agent of {@code linen powercut --record}: starts to record the JVM before its {@code main} is called. If
 * that isn't possible, the JVM ends, with the reason on stderr.
 *
 * <p>The agent's argument is a folder with the file {@code folder}, which says what is recorded. Each JVM makes a
 * folder of its own in it: {@code jvm-1}, {@code jvm-2}, in the order in which they began.
 */
public final class RecordingAgent {

    static final String FOLDER = "folder";
    static final String JVM = "jvm-";
    static final String START = "start";
    static final String REFUSED = "refused";

    /** Of a JVM that can't be recorded. */
    private static final int REFUSED_STATUS = 2;

    private RecordingAgent() {}

    /**
     * Called by the JVM.
     *
     * @param records the folder of the records
     */
    public static void premain(String records) {
        Path own = null;
        try {
            own = create(Path.of(records));
            Path folder = Path.of(Files.readString(Path.of(records, FOLDER)));
            StartFile.write(folder, own.resolve(START)); // nothing else runs yet
            ProgramRecord.begin(folder, own);
        } catch (Throwable refused) { // whatever it is: the program must not run without its record
            refuse(own, refused);
        }
    }

    private static Path create(Path records) throws IOException {
        for (int number = 1;; number++) {
            try {
                return Files.createDirectory(records.resolve(JVM + number));
            } catch (FileAlreadyExistsException taken) {
                // by another JVM
            }
        }
    }

    private static void refuse(@Nullable Path own, Throwable refused) {
        String reason = refused instanceof IOException || refused.getMessage() == null
                ? refused.toString()
                : refused.getMessage();
        System.err.println("linen: this JVM can't be recorded, so it ends: " + reason);
        try {
            if (own != null) {
                Files.writeString(own.resolve(REFUSED), reason);
            }
        } catch (IOException full) {
            // stderr has it
        }
        Runtime.getRuntime().halt(REFUSED_STATUS);
    }
}
