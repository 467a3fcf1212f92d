package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.testing.Skip;

/** {@code linen powercut}, in a JVM of its own: the program's standard output is that of linen's process. */
class PowercutCommandTest {

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    /** What is saved is at least the last number that was printed; it prints three. */
    private static final String CHECK = "acked=$(head -n 3 | tail -n 1); test \"$(cat count || echo 0)\" -ge \"${acked:-0}\"";

    /** Where the kernel, or a policy, has no such filters. */
    private static final String UNAVAILABLE = "this JVM can't be recorded, so it ends: seccomp: ";

    @TempDir
    private Path folder = Path.of("");
    private Path data = Path.of("");
    private Path out = Path.of("");

    @BeforeEach
    void createFolder() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        out = folder.resolve("out");
    }

    private Command linen(String... arguments) {
        List<String> words = new ArrayList<>(List.of(JAVA, "--module-path", System.getProperty("jdk.module.path"),
                "--add-modules", "info.picocli,com.google.gson", "--enable-native-access=dev.linen", "--module",
                "dev.linen/dev.linen.cli.LinenCommand", "powercut"));
        words.addAll(Arrays.asList(arguments));
        return Command.of(words.toArray(String[]::new)).in(folder);
    }

    /** Skips the test where no JVM can be recorded. */
    private static Command.Result run(Command command) throws IOException, InterruptedException {
        Command.Result result = command.run();
        Skip.unless(!result.err().contains(UNAVAILABLE), result.err());
        return result;
    }

    private Command.Result record(List<String> options, String... command) throws IOException, InterruptedException {
        return run(linen(recording(options, command)));
    }

    private String[] recording(List<String> options, String... command) {
        List<String> arguments = new ArrayList<>(List.of("--record", data.toString(), "--into", out.toString()));
        arguments.addAll(options);
        arguments.add("--");
        arguments.addAll(Arrays.asList(command));
        return arguments.toArray(String[]::new);
    }

    private String[] program(String mode, String... more) {
        List<String> words = new ArrayList<>(List.of(JAVA, "-cp", Path.of("target/test-classes").toAbsolutePath()
                .toString(), SavingProgram.class.getName(), mode, data.toString()));
        words.addAll(Arrays.asList(more));
        return words.toArray(String[]::new);
    }

    private static void assertContains(String expected, String text) {
        assertTrue(text.replaceAll("\\s+", " ").contains(expected), text);
    }

    @Test
    void record_programThatIsKilled_leavesARecord() throws Exception {
        Path old = Files.writeString(data.resolve("old"), "was there before");
        Files.createLink(data.resolve("same"), old);
        Files.createSymbolicLink(data.resolve("link"), Path.of("old"));
        Files.writeString(Files.createDirectory(data.resolve("folder")).resolve("empty"), "");
        Command.Result result = record(List.of(), program("killed"));

        assertEquals(0, result.exitStatus(), result::toString);
        assertEquals("1\n2\n3\n", result.out());
        assertContains("15 calls in " + data.toRealPath() + ", 3 lines on the standard output", result.err());
        assertContains("when it ended, all was on the disk (model: POSIX)", result.err());
        assertContains("the program ended with status 137, as after signal 9", result.err());
        assertFalse(result.err().contains("isn't as the record has it"), result.err());
    }

    @Test
    void record_withoutACheck_namesWhatAPowerCutLoses() throws Exception {
        Command.Result result = record(List.of(), program("unsynced"));

        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("what a power cut at its end may have lost (model: POSIX): not on the disk openat(draft, "
                + "O_CREAT) SavingProgram.save(SavingProgram.java:", result.err());
        assertContains("<- no fsync of the directory since, nor of 5 later changes", result.err());
        assertContains("not on the disk write(draft, 2 bytes at 0)", result.err());
        assertContains("<- no fsync of the file since", result.err());
        assertEquals(2, result.err().split("not on the disk", -1).length - 1, "but for what was removed: " + result);
        assertTrue(Files.readString(out.resolve("jvm-1/calls.txt")).startsWith("- openat(draft, O_CREAT)    Saving"));
        assertTrue(Files.readString(out.resolve("jvm-1/run.svg")).startsWith("<svg "));
        assertTrue(result.err().endsWith(Files.readString(out.resolve("report.txt"))), result.err());
    }

    @Test
    void check_renameWithoutFsync_fails() throws Exception {
        Command.Result result = record(List.of("--check", CHECK), program("unsynced"));

        assertEquals(1, result.exitStatus(), result::toString);
        assertContains("states after a power cut lose what was acknowledged (model: POSIX). The smallest: power cut "
                + "after rename(draft, count) SavingProgram.save(SavingProgram.java:",
                result.err().replaceAll("\\brenameat\\(", "rename(")); // the JDK on aarch64, which has no rename
        assertContains("acknowledged line 1: 1 recovery exit status ", result.err());
        assertTrue(Files.isDirectory(out.resolve("failing/1/state")));
        assertTrue(result.err().lines().skip(1).allMatch(line -> line.length() <= 80), result.err());
    }

    @Test
    void check_rightProgram_passes() throws Exception {
        Command.Result result = record(List.of("--check", CHECK), program("right"));

        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("states after a power cut, none of which loses what was acknowledged (model: POSIX)",
                result.err());
        assertFalse(Files.exists(out.resolve("failing")));
    }

    @Test
    void check_folderAsArgument_runsInTheUsersFolder() throws Exception {
        Files.writeString(folder.resolve("check"), "cd \"$1\"\n" + CHECK);
        Command.Result result = record(List.of("--check", "sh ./check {}"), program("unsynced"));
        assertEquals(1, result.exitStatus(), result::toString);
    }

    @Test
    void check_nextLines_areInAFile() throws Exception {
        String equal = "acked=$(tail -n 1); count=$(cat count || echo 0); test $count = ${acked:-0} || test $count = "
                + "$(cat \"$LINEN_NEXT\")";
        Command.Result result = record(List.of("--check", equal), program("right"));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("none of which", result.err());
    }

    @Test
    void check_noSuchCommand_isRefused() throws Exception {
        Command.Result result = record(List.of("--check", "no-such-command {}"), program("right"));
        assertEquals(2, result.exitStatus(), result::toString);
        assertContains("linen powercut: --check can't be run: ", result.err());
        assertContains("no-such-command", result.err());
    }

    @Test
    void report_ofARecordThatWasLeft_judgesItAgain() throws Exception {
        assertEquals(0, record(List.of(), program("killed")).exitStatus());
        Command.Result right = linen("--report", out.toString(), "--check", CHECK, "--model", "ext4").run();
        Command.Result wrong = linen("--report", out.toString(), "--check", "false", "--states", "5").run();

        assertEquals(0, right.exitStatus(), right::toString);
        assertContains("none of which loses what was acknowledged (model: EXT4)", right.out());
        assertTrue(right.err().lines().allMatch(line -> line.startsWith("power cut, EXT4: ")), right.err()); // progress
        assertEquals(1, wrong.exitStatus(), wrong::toString);
        assertContains("acknowledged no line yet recovery exit status 1", wrong.out());
        assertContains("5 of 67 states were made, chosen with the seed 1", wrong.out());
    }

    /** After a power cut of the machine itself, say. */
    @Test
    void report_ofADamagedRecord_isRefused() throws Exception {
        assertEquals(0, record(List.of(), program("right")).exitStatus());
        Path log = out.resolve("jvm-1/log");
        Files.write(log, new byte[(int) Files.size(log)]);
        Command.Result result = linen("--report", out.toString()).run();
        assertEquals(2, result.exitStatus(), result::toString);
        assertEquals("linen powercut: the log is damaged at 0: there is no event", result.err().strip());
    }

    /** What isn't a file can't be written by the supervisor, so its bytes are recorded before the write. */
    @Test
    void record_outputToAPipe_isUntouchedAndAcknowledges() throws Exception {
        Files.writeString(folder.resolve("x"), "not an argument");
        List<String> words = new ArrayList<>(List.of("sh", "-c", "\"$@\" | cat", "sh"));
        words.addAll(linen(recording(List.of("--check", CHECK), program("unsynced", "-5", "@x", "ü"))).words());
        Command.Result result = run(Command.of(words.toArray(String[]::new)).in(folder).with("LC_ALL", "C.UTF-8"));

        assertEquals("1\n2\n3\n-5\n@x\nü\n", result.out());
        assertContains("acknowledged line 1: 1", result.err());
        assertContains("6 lines on the standard output", result.err());
    }

    /** As Ctrl-C does it. */
    @Test
    void record_linenIsEnded_endsTheProgramAndLeavesTheRecord() throws Exception {
        Command.Running running = linen(recording(List.of(), program("waiting"))).start();
        Process linen = running.process();
        while (linen.isAlive() && Files.size(running.out().toPath()) < "1\n2\n3\n".length()) {
            Thread.sleep(10);
        }
        List<ProcessHandle> program = linen.descendants().toList();
        linen.destroy();
        Command.Result result = running.result();
        program.forEach(each -> each.onExit().join());
        Skip.unless(!result.err().contains(UNAVAILABLE), result.err());

        assertEquals(143, result.exitStatus(), result::toString);
        assertTrue(result.err().endsWith("linen: interrupted; to read the record: linen powercut --report out\n"),
                result.err());
        Command.Result report = linen("--report", "out").run();
        assertEquals(0, report.exitStatus(), report::toString);
        assertContains("15 calls in " + data.toRealPath() + ", 3 lines on the standard output", report.out());
    }

    @Test
    void record_withoutTwoDashes_takesWhatFollowsTheCommand() throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--record", data.toString(), "--into", out.toString()));
        arguments.addAll(List.of(program("right", "--model", "x")));
        Command.Result result = run(linen(arguments.toArray(String[]::new)));
        assertEquals("1\n2\n3\n--model\nx\n", result.out(), result.err());
    }

    @Test
    void record_programThatExits_saysItsStatus() throws Exception {
        Command.Result result = record(List.of(), program("exiting"));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("the program ended with status 5 the record:", result.err());
    }

    @Test
    void record_optionsOfTheEnvironment_stay() throws Exception {
        Command.Result result = run(linen(recording(List.of(), program("right"))).with("JAVA_TOOL_OPTIONS",
                "-Dcolour='deep blue'"));
        assertEquals("1\n2\n3\ndeep blue", result.out(), result.err());
    }

    @Test
    void record_namesWithBlanksQuotesAndUmlauts_areTaken() throws Exception {
        out = folder.resolve("O'Hara \"ü\" out");
        data = Files.createDirectory(folder.resolve("dätä x"));
        Command.Result result = run(linen(recording(List.of("--check", CHECK), program("right"))).with("LC_ALL",
                "C.UTF-8"));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("none of which", result.err());
    }

    @Test
    void record_severalJvms_reportsThoseThatChangeSomething() throws Exception {
        List<String> words = new ArrayList<>(List.of("sh", "-c", JAVA + " -version && exec \"$@\"", "sh"));
        words.addAll(List.of(program("right")));
        Command.Result result = record(List.of(), words.toArray(String[]::new));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("3 lines on the standard output", result.err());
        assertContains("1 more JVMs, which changed nothing there", result.err());
        assertTrue(Files.isRegularFile(out.resolve("jvm-2/calls.txt")));
    }

    @Test
    void record_programWithoutManagement_hasNoLines() throws Exception {
        List<String> words = new ArrayList<>(List.of(program("unsynced")));
        words.addAll(1, List.of("--limit-modules", "java.base,java.instrument"));
        Command.Result result = record(List.of(), words.toArray(String[]::new));
        assertEquals("1\n2\n3\n", result.out());
        assertContains("not on the disk openat(draft, O_CREAT) <- no fsync", result.err());
        assertFalse(result.err().contains("Exception"), result.err());
    }

    @Test
    void record_anotherProcessChangesTheFolder_isSaid() throws Exception {
        Command.Result result = record(List.of(), program("starting"));
        assertContains("isn't as the record has it, beginning with other: another process", result.err());
    }

    @Test
    void record_folderThatIsRemoved_isReportedAllTheSame() throws Exception {
        Command.Result result = record(List.of("--check", "true"), program("removing"));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains(data + " can't be compared with the record: ", result.err());
        assertTrue(Files.exists(out.resolve("report.txt")));
    }

    @Test
    void check_lineThatIsNoText_isGivenItsBytes() throws Exception {
        String check = "case $(tail -n 1 | od -An -tx1) in ''|' 3'[123]' 0a'|' e9 0a') ;; *) exit 1 ;; esac";
        List<String> words = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >output", "sh"));
        words.addAll(List.of(program("bytes")));
        Command.Result result = record(List.of("--check", check), words.toArray(String[]::new));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("4 lines on the standard output", result.err());
    }

    /** As with a file link whose target has one. */
    @Test
    void record_intoAFolderWhoseRealNameHasAnEqualsSign_isRefused() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Files.createDirectory(folder.resolve("a=b")));
        out = link.resolve("out");
        Command.Result result = record(List.of(), program("right"));
        assertEquals(2, result.exitStatus(), result::toString);
        assertContains("has an =, which a JVM takes for the end of -javaagent's file", result.err());
        assertFalse(Files.exists(out));
    }

    @Test
    void record_logThatIsFull_endsThere() throws Exception {
        List<String> words = new ArrayList<>(List.of(program("large")));
        words.add(1, "-Ddev.linen.inject.logMiB=1");
        Command.Result result = record(List.of("--check", CHECK, "--states", "5"), words.toArray(String[]::new));
        assertEquals(2, result.exitStatus(), result::toString);
        assertEquals("1\n2\n3\n", result.out());
        assertContains(" 0 lines on the standard output", result.err());
        assertTrue(result.err().replaceAll("\\s+", " ").matches(".* not in the record: the last [1-9]\\d* calls, for "
                + "which the log had no room.*"), result.err());
        assertFalse(result.err().contains("isn't as the record has it"), result.err());
    }

    /** In a mount namespace, whose file system for the record is full soon. */
    @Test
    void record_diskThatIsFull_endsThere() throws Exception {
        Files.createDirectory(out);
        List<String> words = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c",
                "mount -t tmpfs -o size=6m none \"$0\" && exec \"$@\"", out.toString()));
        Command.Result possible = Command.of(Stream.concat(words.stream(), Stream.of("true")).toArray(String[]::new))
                .run();
        Skip.unless(possible.exitStatus() == 0, "no file system can be mounted here: " + possible.err());
        words.addAll(linen(recording(List.of(), program("large"))).words());
        Command.Result result = run(Command.of(words.toArray(String[]::new)).in(folder));

        assertEquals(2, result.exitStatus(), result::toString);
        assertEquals("1\n2\n3\n", result.out());
        assertTrue(result.err().replaceAll("\\s+", " ").matches(".* not in the record: the last [1-9]\\d* calls, for "
                + "which the log had no room.*"), result.err());
    }

    @Test
    void record_programThatRecordsItself_hasBothRecords() throws Exception {
        Command.Result result = record(List.of("--check", CHECK), program("recording"));
        assertEquals(0, result.exitStatus(), result::toString);
        assertContains("20 calls in ", result.err());
        assertContains("none of which loses what was acknowledged (model: POSIX)", result.err());
        assertContains("7 of 7 states after a power cut lose what was acknowledged (model: POSIX). The smallest: power "
                + "cut before openat(draft, O_CREAT) SavingProgram.save(SavingProgram.java:", result.err());
    }

    /** What can't be recorded isn't run either. */
    @Test
    void record_systemCallsCannotBeSupervised_isRefusedWithTheReason() throws Exception {
        Command.Result possible = Command.of("setarch", "-R", "true").run();
        Skip.unless(possible.exitStatus() == 0, "setarch -R doesn't work here: " + possible.err());
        List<String> words = new ArrayList<>(List.of("setarch", "-R"));
        words.addAll(List.of(program("right")));
        Command.Result result = linen(recording(List.of(), words.toArray(String[]::new))).run();
        assertEquals(2, result.exitStatus(), result::toString);
        assertEquals("", result.out());
        assertContains("linen: this JVM can't be recorded, so it ends: this process's addresses aren't randomized",
                result.err());
        assertContains("linen powercut: this process's addresses aren't randomized", result.err());
    }

    @Test
    void record_commandWithoutAJvm_isRefused() throws Exception {
        Command.Result result = linen(recording(List.of(), "sh", "-c", "echo x; exit 3")).run();
        assertEquals(2, result.exitStatus(), result::toString);
        assertEquals("x\n", result.out());
        assertContains("linen powercut: no JVM recorded itself: the command started none, or one that is older than "
                + "Java 22, or without the variable JAVA_TOOL_OPTIONS; the program ended with status 3", result.err());
    }

    @Test
    void record_programThatChangesNothing_isRefused() throws Exception {
        Command.Result result = record(List.of(), JAVA, "-version");
        assertEquals(2, result.exitStatus(), result::toString);
        assertContains("linen powercut: no change was recorded: does the program write to " + data.toRealPath() + "?",
                result.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"--record TMP; the command to record is missing: --record TMP -- java ...",
            "--record TMP --report TMP java; choose one of --record DIR and --report OUT",
            "java -version; choose one of --record DIR and --report OUT",
            "--record TMP/none java; TMP/none isn't a folder: create it first",
            "--record TMP --into TMP/out java; TMP/out is in the folder that is recorded: choose another one, --into OUT",
            "--record TMP --into TMP/a/b java; TMP/a/b is in the folder that is recorded: choose another one, --into OUT",
            "--record TMP/data --into TMP java; TMP isn't empty, and holds one record only: choose another one, --into OUT",
            "--record TMP/data --into TMP/a/b java; TMP/a isn't a folder: create it first",
            "--record TMP/data --into TMP/x=y java; TMP/x=y has an =, which a JVM takes for the end of -javaagent's file: choose another folder, --into OUT",
            "--report TMP; TMP has no record: linen powercut --record makes one",
            "--report TMP java; --report takes no command and no --into: it runs nothing",
            "--record TMP --check= java; --check must be a command, and not empty",
            "--record TMP --states 0 java; --states must be positive, not 0"})
    void powercut_invalidInput_isOneLine(String arguments, String line) throws IOException {
        String real = folder.toRealPath().toString();
        StringWriter err = new StringWriter();
        int status = LinenCommand.commandLine().setErr(new PrintWriter(err))
                .execute(("powercut " + arguments).replace("TMP", real).split(" "));
        assertEquals("linen powercut: " + line.replace("TMP", real), err.toString().strip());
        assertEquals(2, status);
    }
}
