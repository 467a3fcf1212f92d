package dev.linen.powercut;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.inject.InjectionUnavailableException;
import dev.linen.junit.ChildJvm;
import dev.linen.powercut.WalStore.Bug;
import dev.linen.testing.Skip;

/** A store with a bug is recorded, in a child JVM, and power cuts find the bug. The right store passes. */
class PlantedBugsTest {

    private static final List<DiskModel> MODELS = List.of(DiskModel.KILL, DiskModel.POSIX, DiskModel.EXT4);

    @TempDir
    private static Path folder;

    /** Failing states by bug and model. */
    private static final Map<String, Integer> FAILING = new TreeMap<>();
    private static String output = "";

    @BeforeAll
    static void tryAll() {
        ChildJvm.Result child = ChildJvm.of(PlantedBugsTest.class).run(folder.toString());
        output = child.out();
        output.lines().filter(line -> line.startsWith("unavailable")).findAny()
                .ifPresent(reason -> Skip.unless(false, reason));
        assertEquals(0, child.exitStatus(), child::toString);
        output.lines().filter(line -> line.startsWith("result ")).map(line -> line.split(" ")).forEach(
                line -> FAILING.put(line[1] + " " + line[2], Integer.valueOf(line[3])));
    }

    /** For whoever reads the log: the table. */
    @AfterAll
    static void print() {
        System.out.print(output.lines().filter(line -> line.startsWith("result ")).map(line -> line + "\n")
                .collect(Collectors.joining()));
    }

    /** In the child. */
    public static void main(String... arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        for (Bug bug : Bug.values()) {
            Path store = Files.createDirectory(folder.resolve(bug.name()));
            PowerCut<Map<String, String>> run;
            try {
                run = record(store, bug);
            } catch (InjectionUnavailableException refused) {
                System.out.println("unavailable: " + refused.getMessage());
                return;
            }
            for (DiskModel model : MODELS) {
                long start = System.nanoTime();
                PowerCutReport report = run.model(model).keepUnder(folder.resolve("kept")).report(
                        (copy, acked, next) -> recover(copy, bug, acked, next));
                System.out.println("result " + bug + " " + model.toString().replace(" ", "") + " " + report.failing()
                        + " of " + report.states() + ", ms: " + (System.nanoTime() - start) / 1_000_000);
                if (report.failing() > 0 && model != DiskModel.KILL) {
                    System.out.println("report " + bug + " " + model + ": " + report);
                }
            }
        }
    }

    private static PowerCut<Map<String, String>> record(Path folder, Bug bug) {
        return PowerCut.record(folder, acks -> {
            acks.now(Map.of());
            try (WalStore store = new WalStore(folder, bug)) {
                for (int i = 0; i < 12; i++) {
                    store.put("k" + i % 5, "value " + i);
                    acks.now(store.map());
                    if (i % 5 == 4) {
                        store.checkpoint();
                    }
                }
            }
        });
    }

    private static void recover(Path copy, Bug bug, Map<String, String> acked, Map<String, String> next)
            throws IOException {
        try (WalStore store = new WalStore(copy, bug)) {
            if (!store.map().equals(acked) && !store.map().equals(next)) {
                throw new AssertionError("recovered " + new TreeMap<>(store.map()));
            }
        }
    }

    private static int failing(Bug bug, String model) {
        return FAILING.get(bug + " " + model);
    }

    @Test
    void storeWithoutABug_passesUnderEachModel() {
        for (String model : List.of("kill-9", "POSIX", "EXT4")) {
            assertEquals(0, failing(Bug.NONE, model), output);
        }
    }

    @Test
    void eachBug_isFoundUnderPosix() {
        for (Bug bug : Bug.values()) {
            assertTrue(bug == Bug.NONE || failing(bug, "POSIX") > 0, bug + ": " + output);
        }
    }

    @Test
    void killedProcess_showsOneBugOnly() {
        for (Bug bug : Bug.values()) {
            assertEquals(bug == Bug.LOG_CUT_BEFORE_RENAME, failing(bug, "kill-9") > 0, bug + ": " + output);
        }
    }

    /** Its journal has the entries and the lengths in order. */
    @Test
    void directorySyncs_areNotMissedUnderExt4() {
        for (Bug bug : Bug.values()) {
            boolean isForgiven = bug == Bug.NO_DIRECTORY_SYNC_AFTER_CREATE
                    || bug == Bug.NO_DIRECTORY_SYNC_AFTER_RENAME || bug == Bug.NONE;
            assertEquals(isForgiven, failing(bug, "EXT4") == 0, bug + ": " + output);
        }
    }

    @Test
    void report_namesTheLineThatShouldHaveSynced() {
        String report = output.substring(output.indexOf("report " + Bug.NO_DIRECTORY_SYNC_AFTER_RENAME));

        assertTrue(report.lines().limit(6).anyMatch(line -> line.matches(
                "  not on the disk +rename(at)?\\(snap.tmp, snap\\) +WalStore.checkpoint\\(WalStore.java:\\d+\\) +"
                        + "<- no fsync of the directory since")),
                report);
    }
}
