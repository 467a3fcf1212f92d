package dev.linen.powercut;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.inject.Operation.Durability;
import dev.linen.inject.Operation.SyncKind;
import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Sync;

/** Which states a power cut can leave, from lists of operations made by hand. */
class PowerCutTest {

    private Script script;

    @TempDir
    private Path kept;

    @BeforeEach
    void newScript() {
        script = new Script();
    }

    /** Returns all states as {@code name=content} of each file; a directory has no content. */
    private Set<String> states(DiskModel model) {
        Set<String> states = new TreeSet<>();
        if (script.acks.all().isEmpty()) {
            script.acks.now(""); // all states count, also the first
        }
        script.run().model(model).verify((copy, acked, next) -> states.add(FolderText.of(copy)));
        return states;
    }

    /** Returns the states after an acknowledgement. */
    private Set<String> statesAfter(String ack) {
        return statesAfter(DiskModel.POSIX, ack);
    }

    private Set<String> statesAfter(DiskModel model, String ack) {
        Set<String> states = new TreeSet<>();
        script.run().model(model).verify((copy, acked, next) -> {
            if (acked.equals(ack)) {
                states.add(FolderText.of(copy));
            }
        });
        return states;
    }

    @Test
    void changes_unsynced_areThereAllButOneOrOnlyOneOrNone() {
        script.ack("").create("a").create("b").create("c").create("d").ack("end");

        assertEquals(Set.of("", "a=", "b=", "c=", "d=", "b= c= d=", "a= c= d=", "a= b= d=", "a= b= c=",
                "a= b= c= d="), statesAfter("end"));
    }

    @Test
    void write_unsynced_isThereOrNotOrTornOrZerosOrStale() {
        script.with("log", "").ack("").write("log", "abcdefghij");

        assertEquals(Set.of("log=", "log=abcdefghij", "log=abcde", "log=0000000000"),
                withoutStale(states(DiskModel.POSIX)));
        assertEquals(1, states(DiskModel.POSIX).stream().filter(PowerCutTest::isStale).count());
    }

    /** The header of 8 bytes is right, what is behind it isn't. */
    private static boolean isStale(String state) {
        return state.startsWith("log=abcdefgh") && !state.equals("log=abcdefghij");
    }

    private static Set<String> withoutStale(Set<String> states) {
        states.removeIf(PowerCutTest::isStale);
        return states;
    }

    @Test
    void write_syncedByItsOwnFlag_isTornOnlyBeforeTheSync() {
        script.with("log", "").ack("").write("log", "ab", Durability.DATA).ack("ab");

        assertEquals(Set.of("log=ab"), statesAfter("ab"));
        assertTrue(states(DiskModel.POSIX).containsAll(Set.of("log=", "log=a", "log=00", "log=ab")));
    }

    @Test
    void flagOfAWrite_beforeIt_saysNothingOfEarlierWrites() {
        script.with("log", "--").ack("").writeAt("log", 0, "a", Durability.NONE)
                .writeAt("log", 1, "b", Durability.FILE).ack("end");

        assertTrue(statesAfter("end").contains("log=?b"), "without the first");
    }

    @Test
    void sync_ofAFile_makesItsWritesDurable() {
        script.with("log", "").write("log", "ab").sync("log").ack("ab");

        assertEquals(Set.of("log=ab"), states(DiskModel.POSIX));
    }

    @Test
    void sync_ofARange_promisesNothing() {
        script.with("log", "").write("log", "ab").sync("log", SyncKind.RANGE, 0).ack("ab");

        assertEquals(Set.of("log=", "log=a", "log=00", "log=ab"), states(DiskModel.POSIX));
    }

    @Test
    void sync_thatFails_leavesItsWritesUnsyncedForEver() {
        script.with("log", "").write("log", "ab").failedSync("log").sync("log").ack("ab");

        assertTrue(states(DiskModel.POSIX).contains("log="));
        assertTrue(states(DiskModel.EXT4).contains("log="));
    }

    @Test
    void sync_thatFails_saysNothingOfOtherFiles() {
        script.with("a", "").with("b", "").write("b", "x").failedSync("a").sync("b").ack("x");

        assertEquals(Set.of("a= b=x"), states(DiskModel.POSIX));
    }

    @Test
    void sync_thatFails_saysNothingOfLaterWrites() {
        script.with("log", "").failedSync("log").write("log", "ab").sync("log").ack("ab");

        assertEquals(Set.of("log=ab"), states(DiskModel.POSIX));
    }

    @Test
    void syncAll_makesEverythingDurable() {
        script.with("log", "").write("log", "ab").create("new").syncAll().ack("ab");

        assertEquals(Set.of("log=ab new="), states(DiskModel.POSIX));
    }

    @Test
    void fileCreated_syncedWithoutItsDirectory_isMissingOnlyInPosix() {
        script.create("a").write("a", "x").sync("a").ack("x");

        assertEquals(Set.of("", "a=x"), states(DiskModel.POSIX));
        assertEquals(Set.of("a=x"), states(DiskModel.EXT4));
        script.sync("").ack("y");
        assertEquals(Set.of("", "a=x"), states(DiskModel.POSIX));
    }

    @Test
    void rename_unsynced_leavesOldOrNewNameNeverNoneOrBoth() {
        script.with("snap", "old").with("tmp", "new").ack("").rename("tmp", "snap");

        assertEquals(Set.of("snap=old tmp=new", "snap=new"), states(DiskModel.POSIX));
    }

    @Test
    void rename_toAnotherDirectory_leavesBothNamesButNeverNone() {
        script.makeDirectory("to").create("a").sync("").ack("").rename("a", "to/a").sync("to").ack("moved");

        assertEquals(Set.of("a= to/", "to/ to/a=", "a= to/ to/a="), states(DiskModel.POSIX));
        assertEquals(Set.of("a= to/", "to/ to/a=", "a= to/ to/a="), states(DiskModel.EXT4));
    }

    @Test
    void exchange_inOneDirectory_isThereOrNot() {
        script.with("a", "x").with("b", "y").ack("").exchange("a", "b");

        assertEquals(Set.of("a=x b=y", "a=y b=x"), states(DiskModel.POSIX));
    }

    @Test
    void exchange_betweenDirectories_losesNeither() {
        script.makeDirectory("d").create("d/b").write("d/b", "y").sync("d/b").sync("d").sync("").create("a")
                .write("a", "x").sync("a").sync("").ack("").exchange("a", "d/b");

        Set<String> both = Set.of("a=x d/ d/b=y", "a=y d/ d/b=x");
        assertEquals(both, states(DiskModel.POSIX));
        assertEquals(both, states(DiskModel.EXT4));
        script.sync("d").ack("exchanged");
        assertEquals(Set.of("a=y d/ d/b=x"), statesAfter("exchanged"));
    }

    @Test
    void renameOfADirectory_movesWhatIsInIt() {
        script.makeDirectory("d").create("d/f").write("d/f", "x").sync("d/f").sync("d").sync("").ack("")
                .rename("d", "e").sync("").ack("e");

        assertEquals(Set.of("d/ d/f=x", "e/ e/f=x"), states(DiskModel.POSIX));
    }

    @Test
    void entriesOfOneDirectory_unsynced_areInAnyOrderInPosixButNotInExt4() {
        script.ack("").create("a").create("b");

        assertEquals(Set.of("", "a=", "b=", "a= b="), states(DiskModel.POSIX));
        assertEquals(Set.of("", "a=", "a= b="), states(DiskModel.EXT4));
    }

    @Test
    void truncate_afterARename_comesBeforeItInPosixButNotInExt4() {
        script.with("log", "x").with("tmp", "x").ack("").rename("tmp", "snap").truncate("log", 0);

        assertTrue(states(DiskModel.POSIX).contains("log= tmp=x"));
        assertEquals(Set.of("log=x tmp=x", "log=x snap=x", "log= snap=x"), states(DiskModel.EXT4));
    }

    /** What was written into it before is on the disk; the journal isn't committed. */
    @Test
    void overwrite_syncedAsData_commitsNothingElseInExt4() {
        script.with("log", "--").ack("").create("a").writeAt("log", 0, "xy", Durability.NONE)
                .sync("log", SyncKind.FDATASYNC, 0).ack("xy");

        assertEquals(Set.of("log=xy", "a= log=xy"), statesAfter(DiskModel.EXT4, "xy"));
    }

    @Test
    void overwrite_synchronous_commitsNothingElseInExt4() {
        script.with("log", "--").ack("").create("a").writeAt("log", 0, "xy", Durability.DATA).ack("xy");

        assertEquals(Set.of("log=xy", "a= log=xy"), statesAfter(DiskModel.EXT4, "xy"));
    }

    @Test
    void fileThatGrew_syncedAsData_commitsTheJournalInExt4() {
        script.with("log", "-").ack("").create("a").writeAt("log", 0, "xy", Durability.NONE)
                .sync("log", SyncKind.FDATASYNC, 0).ack("xy");
        assertEquals(Set.of("a= log=xy"), statesAfter(DiskModel.EXT4, "xy"));

        newScript();
        script.with("log", "-").ack("").create("a").writeAt("log", 0, "xy", Durability.DATA).ack("xy");
        assertEquals(Set.of("a= log=xy"), statesAfter(DiskModel.EXT4, "xy"));
    }

    /** Its transaction has been committed already. */
    @Test
    void fileThatWasCutEarlier_syncedAgain_commitsNothingElseInExt4() {
        for (SyncKind kind : List.of(SyncKind.FSYNC, SyncKind.FDATASYNC)) {
            newScript();
            script.with("log", "--").with("b", "").ack("").truncate("log", 1).truncate("b", 1).sync("b", kind, 0)
                    .create("a").sync("log", kind, 0).ack("end");
            assertEquals(Set.of("b=0 log=?", "a= b=0 log=?"), statesAfter(DiskModel.EXT4, "end"));
        }
    }

    @Test
    void fileThatWasRenamed_synced_commitsTheJournalInExt4ButNotAsData() {
        script.with("a", "x").ack("").rename("a", "b").sync("b", SyncKind.FDATASYNC, 0).ack("1").sync("b").ack("2");

        assertEquals(Set.of("a=x", "b=x"), statesAfter(DiskModel.EXT4, "1"));
        assertEquals(Set.of("b=x"), statesAfter(DiskModel.EXT4, "2"));
    }

    @Test
    void directory_syncedAsData_isNotCommittedInExt4() {
        script.ack("").create("a").sync("", SyncKind.FDATASYNC, 0).ack("1").sync("").ack("2");

        assertEquals(Set.of("", "a="), statesAfter(DiskModel.EXT4, "1"));
        assertEquals(Set.of("a="), statesAfter(DiskModel.EXT4, "2"));
        assertEquals(Set.of("a="), statesAfter("1"), "POSIX: entries are a directory's data");
    }

    @Test
    void directoryThatWasNotSynced_takesItsFilesAlong() {
        script.ack("").makeDirectory("d").create("d/f").sync("d/f").sync("d");

        assertEquals(Set.of("", "d/", "d/ d/f="), states(DiskModel.POSIX));
    }

    @Test
    void unnamedFile_linked_appearsWhole() {
        script.makeDirectory("d").sync("").ack("").createUnnamed("d/#1").write("d/#1", "x").sync("d/#1")
                .link("d/#1", "d/a").sync("d");

        assertEquals(Set.of("d/", "d/ d/a=x"), states(DiskModel.POSIX));
    }

    @Test
    void secondName_ofAFile_showsTheSameBytes() throws IOException {
        script.with("a", "x").link("a", "b").sync("").ack("").writeAt("a", 0, "y", Durability.DATA);
        List<Integer> links = new ArrayList<>();
        script.run().verify((copy, acked, next) -> links.add((Integer) Files.getAttribute(copy.resolve("b"),
                "unix:nlink")));

        assertEquals(Set.of("a=x b=x", "a=y b=y"), states(DiskModel.POSIX));
        assertEquals(Set.of(2), Set.copyOf(links));
    }

    @Test
    void symlinkAndUnlink_unsynced_areThereOrNot() {
        script.with("a", "").ack("").symlink("a", "b").unlink("a");

        assertEquals(Set.of("a=", "a= b>a", "", "b>a"), states(DiskModel.POSIX));
    }

    @Test
    void nameUsedAgain_isTheOtherFile() {
        script.with("a", "x").ack("").unlink("a").create("a").write("a", "y").sync("a").sync("");

        assertEquals(Set.of("a=x", "a=y", "a=", ""), states(DiskModel.POSIX));
    }

    @Test
    void allocate_growsButNeverShrinks_andKeepsTheLengthIfAsked() {
        script.with("a", "xyz").ack("").allocate("a", 0, 0, 2).allocate("a", 1, 0, 9).allocate("a", 0, 0, 5).sync("a");
        assertEquals(Set.of("a=xyz", "a=xyz00"), states(DiskModel.POSIX));

        newScript();
        script.with("a", "xyz").ack("").allocate("a", 3, 1, 9).sync("a"); // a hole
        assertEquals(Set.of("a=xyz", "a=x00", "a=x0z"), states(DiskModel.POSIX));
    }

    @Test
    void whatIsWrittenBehindTheEnd_hasZerosBeforeIt() {
        script.with("a", "xyz").ack("").truncate("a", 0).sync("a").writeAt("a", 2, "b", Durability.NONE).sync("a");

        assertEquals(Set.of("a=xyz", "a=", "a=00b"), states(DiskModel.POSIX));
    }

    /** As a store has that maps it: most of it was never written. */
    @Test
    void fileOfGigabytes_isMadeWithItsHoles() {
        long length = 3L << 30;
        script.with("a", "xyz").ack("").truncate("a", length).writeAt("a", length - 2, "b", Durability.NONE)
                .writeAt("a", 1, "c", Durability.NONE).allocate("a", 3, 0, length).sync("a").ack("end");
        Set<String> states = new TreeSet<>();
        PowerCutReport report = script.run().verify((copy, acked, next) -> {
            try (RandomAccessFile file = new RandomAccessFile(copy.resolve("a").toFile(), "r")) {
                long size = file.length();
                file.seek(Math.max(size - 2, 0));
                int last = file.read();
                file.seek(1);
                states.add(size + " " + (char) file.read() + (last > 0 ? (char) last : ' '));
            }
        });

        assertTrue(states.containsAll(Set.of("3 yy", length + " y ", length + " yb", length + " cb")),
                states::toString);
        assertTrue(report.toString().contains("not in the record: fallocate that sets " + length
                + " bytes of /store/a to zero: more than 1073741824 aren't part of the model"), report::toString);
    }

    @Test
    void callThatFailed_changesNothing() {
        script.with("a", "x").ack("").failedUnlink("a").sync("");

        assertEquals(Set.of("a=x"), states(DiskModel.POSIX));
    }

    @Test
    void processKilled_leavesEverythingWritten() {
        script.ack("").create("a").write("a", "xy").rename("a", "b");

        assertEquals(Set.of("", "a=", "a=xy", "b=xy"), states(DiskModel.KILL));
    }

    @Test
    void model_ofAUser_isAsked() {
        script.ack("").create("a").write("a", "x").sync("a").ack("x");
        DiskModel lazy = (Sync sync, Change earlier) -> false; // a disk that ignores each flush

        assertEquals(Set.of("", "a=", "a=x"), states(lazy));
    }

    @Test
    void sameFiles_countOnceForEachAcknowledgement() {
        script.with("a", "").ack("0").sync("a").sync("a").write("a", "x").truncate("a", 0).sync("a").ack("1");

        assertEquals(3, script.run().verify((copy, acked, next) -> {}).states(), "empty, x, and empty again with 1");
    }

    @Test
    void oracle_getsWhatIsAcknowledgedAndNext() {
        script.with("a", "").ack("0").write("a", "x").sync("a").ack("1").write("a", "y").sync("a").ack("2");
        Set<String> seen = new TreeSet<>();
        script.run().verify((copy, acked, next) -> seen.add(FolderText.of(copy) + " " + acked + next));

        assertEquals(Set.of("a= 01", "a=x 01", "a=x 12", "a=xy 12", "a=xy 22"), seen);
    }

    @Test
    void statesBeforeTheFirstAcknowledgement_areNotTried() {
        script.create("a").write("a", "x").sync("a").sync("").ack("1");

        assertEquals(Set.of("a=x"), states(DiskModel.POSIX));
    }

    private PowerCutReport failing(DiskModel model) {
        return script.run().model(model).keepUnder(kept).report((copy, acked, next) -> {
            String found = FolderText.of(copy);
            if (!found.equals(acked) && !found.equals(next)) {
                throw new AssertionError("recovered " + found);
            }
        });
    }

    @Test
    void report_ofARenameWithoutSync_namesTheCutTheCallAndTheLines() {
        script.with("snap", "old").with("tmp", "new").with("log", "x").ack("old").rename("tmp", "snap")
                .truncate("log", 0).sync("log").ack("new");
        PowerCutReport report = withoutNew(DiskModel.POSIX);

        assertEquals("""
                1 of 6 states after a power cut lose what was acknowledged (model: POSIX). The smallest:
                  power cut after       fsync(log)         Store.save(Store.java:3)
                  not on the disk       rename(tmp, snap)  Store.save(Store.java:1)  <- no fsync of the directory since
                  acknowledged          new
                  recovery              recovered log= snap=old tmp=new
                  the files: %s""".formatted(kept.resolve("1")), report.toString());
        assertEquals(0, withoutNew(DiskModel.EXT4).failing());
    }

    private PowerCutReport withoutNew(DiskModel model) {
        return script.run().model(model).keepUnder(kept).report((copy, acked, next) -> {
            if (acked.equals("new") && !FolderText.of(copy).contains("snap=new")) {
                throw new AssertionError("recovered " + FolderText.of(copy));
            }
        });
    }

    @Test
    void stateThatFails_isKeptWithAReadmeAndAPicture() throws Exception {
        script.with("log", "").ack("log=").write("log", "abc").ack("log=abc");
        Path first = failing(DiskModel.POSIX).kept().orElseThrow();
        Path second = failing(DiskModel.POSIX).kept().orElseThrow();

        assertEquals(List.of(kept.resolve("1"), kept.resolve("2")), List.of(first, second));
        assertEquals("log=", FolderText.of(first.resolve("state")));
        assertEquals("- write(log, 3 bytes at 0)    Store.save(Store.java:1)\n",
                Files.readString(first.resolve("calls.txt")));
        String readme = Files.readString(first.resolve("README.md"));
        assertTrue(readme.contains("cp -a " + first.toAbsolutePath() + "/state "), readme);
        assertTrue(readme.contains("<- no fsync of the file since"), readme);
        assertEquals("[write(log, 3 bytes at 0) Store.save(Store.java:1), acknowledged: log=, acknowledged: log=abc]",
                titles(first.resolve("run.svg")));
    }

    /**
     * What a browser shows for each mark. Parsed by another program, since the module dev.linen doesn't read java.xml.
     */
    private String titles(Path picture) throws Exception {
        Path program = Files.writeString(kept.resolve("Titles.java"), """
                class Titles {
                    public static void main(String... file) throws Exception {
                        var titles = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder()
                                .parse(new java.io.File(file[0])).getElementsByTagName("title");
                        var texts = new java.util.ArrayList<String>();
                        for (int i = 0; i < titles.getLength(); i++) {
                            texts.add(titles.item(i).getTextContent());
                        }
                        System.out.print(texts);
                    }
                }
                """);
        Process java = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", program.toString(),
                picture.toString()).redirectErrorStream(true).start();
        return new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void smallestState_isTheEarliestOfThoseThatLackLeast() {
        script.with("log", "").ack("0").create("a").create("b").sync("log").ack("1").create("c").sync("log").ack("2");
        PowerCutReport report = script.run().keepUnder(kept).report((copy, acked, next) -> {
            if (!acked.equals("0") && !Files.exists(copy.resolve("a"))) {
                throw new AssertionError("no a");
            }
        });

        assertTrue(report.toString().contains("  power cut after       fsync(log)          Store.save(Store.java:3)\n"
                + "  not on the disk       openat(a, O_CREAT)  Store.save(Store.java:1)"), report::toString);
    }

    @Test
    void smallestState_isReducedToTheChangeThatMatters() {
        // Recovery needs b only if a is there; the only state that fails lacks b, and of the others it doesn't matter.
        script.with("log", "").ack("0").create("a").create("b").create("c").create("d").sync("log").ack("1");
        PowerCutReport report = script.run().keepUnder(kept).report((copy, acked, next) -> {
            if (acked.equals("1") && !Files.exists(copy.resolve("b")) && !Files.exists(copy.resolve("c"))) {
                throw new AssertionError("neither");
            }
        });

        assertTrue(report.toString().contains("openat(b, O_CREAT)"), report::toString);
        assertTrue(report.toString().contains("openat(c, O_CREAT)"), report::toString);
        assertFalse(report.toString().contains("openat(a, O_CREAT)"), report::toString);
        assertFalse(report.toString().contains("openat(d, O_CREAT)"), report::toString);
    }

    @Test
    void verify_anyErrorOfRecovery_isAFailure() {
        script.with("log", "").ack("").write("log", "abc").ack("abc");
        AssertionError failure = assertThrows(AssertionError.class,
                () -> script.run().keepUnder(kept).verify((copy, acked, next) -> {
                    ByteBuffer.allocate(Files.readAllBytes(copy.resolve("log")).length == 0 ? 1 : -1);
                }));

        assertTrue(failure.getMessage().contains("java.lang.IllegalArgumentException"), failure::toString);
        assertTrue(failure.getMessage().contains("PowerCutTest"), failure::toString);
    }

    @Test
    void recovery_thatChangesTheFolder_leavesNothingForTheNextState() {
        script.with("log", "").ack("").write("log", "a").write("log", "b").sync("log").ack("ab");
        script.run().verify((copy, acked, next) -> {
            assertFalse(Files.exists(copy.resolve("recovered/deep")));
            Files.createDirectories(copy.resolve("recovered/deep"));
            Files.writeString(copy.resolve("log"), "recovered");
        });
    }

    @Test
    void bound_choosesBySeed_andSaysSo() {
        script.with("log", "");
        script.ack("");
        for (int i = 0; i < 50; i++) {
            script.write("log", "abc");
        }
        script.ack("all");
        String first = chosen(1);

        assertEquals(first, chosen(1));
        assertNotEquals(first, chosen(2));
        PowerCutReport report = script.run().atMost(20).seed(7).report((copy, acked, next) -> {});
        assertTrue(report.states() <= 20, report::toString);
        assertTrue(report.toString().matches("(?s).*; 20 of \\d+ states were made, chosen with the seed 7.*"),
                report::toString);
    }

    private String chosen(long seed) {
        List<String> states = new ArrayList<>();
        script.run().atMost(20).seed(seed).verify((copy, acked, next) -> states.add(FolderText.of(copy)));
        return states.toString();
    }

    @Test
    void whatIsNotRecorded_isInTheReport() {
        script.with("log", "").unseen("stores into mapped memory between two msyncs").sync("log").ack("");

        assertTrue(script.run().verify((copy, acked, next) -> {}).toString()
                .endsWith("\n  not in the record: stores into mapped memory between two msyncs"));
    }

    @Test
    void fileMovedIn_contentIsNotRecorded_isInTheReport() {
        script.with("log", "").moveIn("new").sync("").ack("");

        assertTrue(script.run().verify((copy, acked, next) -> {}).toString()
                .contains("\n  not in the record: what is in /store/new, because it was made outside the folder"));
    }

    @Test
    void fileMovedOutAndBack_isInTheReport() {
        script.with("log", "").ack("").moveOut("log").moveBack("log").sync("");

        assertTrue(script.run().verify((copy, acked, next) -> {}).toString().contains("\n  not in the record: what "
                + "happened to /store/log while it was outside the folder, at /elsewhere"));
    }

    @Test
    void fileWithANameOutside_isInTheReport() {
        script.with("log", "").ack("").linkOutside("log").sync("log").write("log", "x");

        assertTrue(script.run().verify((copy, acked, next) -> {}).toString().contains("\n  not in the record: what is "
                + "written to /store/log by its name outside the folder, /elsewhere"));
    }

    @Test
    void badUse_isRefusedWithAReason() {
        assertThrows(IllegalArgumentException.class, () -> script.with("a", "").ack("").sync("a").run().atMost(0));
        newScript();
        assertTrue(assertThrows(IllegalStateException.class, () -> script.ack("").run()).getMessage()
                .contains("no change was recorded"));
        newScript();
        assertTrue(assertThrows(IllegalStateException.class, () -> script.create("a").run()).getMessage()
                .contains("acks.now"));
    }
}
