package dev.linen.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.linen.Linen;
import dev.linen.cli.powercut.ProgramReport;
import dev.linen.cli.powercut.RecordFolder;
import dev.linen.powercut.DiskModel;

/** {@code linen powercut}: records a whole program, and reports what power cuts lose of it. */
@Command(name = PowercutCommand.NAME, mixinStandardHelpOptions = true, customSynopsis = {
        "linen powercut --record DIR [OPTION]... [--] COMMAND [ARG]...%n"
                + "       linen powercut --report OUT [OPTION]..."}, description = "Records what a program does with its files, and reports what a power cut loses of it.", exitCodeListHeading = "%nExit status:%n", exitCodeList = {
                        "0:no state failed the check, or there is none", "1:a state failed the check",
                        "2:the input was invalid, or the program can't be recorded to its end; stderr says why"}, footer = {
                                "",
                                "A line on the program's standard output acknowledges what was done before. The check gets "
                                        + "the lines until the power cut on its standard input; those that came next are in "
                                        + "the file $LINEN_NEXT. {} in it is the folder after the power cut; without it, "
                                        + "that is its working directory. A state fails if its exit status isn't 0.",
                                "", "Examples:", "  linen powercut --record data -- java -jar shop.jar",
                                "  linen powercut --record data --check 'java Check {}' -- java Shop",
                                "  linen powercut --report target/power-cut-record-1 --model ext4"})
final class PowercutCommand implements Callable<Integer> {

    static final String NAME = "powercut";

    /** The exit value of a process that a signal ended is this plus the signal's number. */
    private static final int SIGNALLED = 128;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "The program: a command that starts a JVM, of Java 22 or newer.")
    private List<String> command = new ArrayList<>();

    @Option(names = "--record", paramLabel = "DIR", description = "The folder of the program's files, which exists.")
    private @Nullable Path recorded;

    @Option(names = "--into", paramLabel = "OUT", description = "Where the record and the report will be: a folder that is new or empty; default: a new one under target, or here.")
    private @Nullable Path into;

    @Option(names = "--report", paramLabel = "OUT", description = "Reports from a record that is there already.")
    private @Nullable Path from;

    @Option(names = "--check", paramLabel = "COMMAND", description = "Judges each state after a power cut; the shell runs it. Without it, no states are tried.")
    private @Nullable String check;

    @Option(names = "--model", paramLabel = "MODEL", defaultValue = "POSIX", description = "What the file system promises: posix, ext4, or kill, if only the process is killed; default: posix.")
    private Model model = Model.POSIX;

    @Option(names = "--states", paramLabel = "N", defaultValue = "10000", description = "The most states that are tried; default: ${DEFAULT-VALUE}.")
    private int states;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Selects the states, if there are more than --states; default: ${DEFAULT-VALUE}.")
    private int seed;

    /** The option's values. */
    enum Model {
        POSIX, EXT4, KILL
    }

    @Override
    public Integer call() throws InterruptedException {
        if ((recorded == null) == (from == null)) {
            throw new BadInput("choose one of --record DIR and --report OUT");
        }
        if (recorded != null && command.isEmpty()) {
            throw new BadInput("the command to record is missing: --record " + recorded + " -- java ...");
        }
        if (from != null && (into != null || !command.isEmpty())) {
            throw new BadInput("--report takes no command and no --into: it runs nothing");
        }
        if (check != null && check.isBlank()) {
            throw new BadInput("--check must be a command, and not empty");
        }
        if (states <= 0) {
            throw new BadInput("--states must be positive, not " + states);
        }
        try {
            return recorded != null ? record(recorded) : report(from);
        } catch (BadInput known) {
            throw known;
        } catch (FileSystemException failed) {
            throw new BadInput(failed.toString());
        } catch (IOException | IllegalStateException failed) {
            throw new BadInput(String.valueOf(failed.getMessage()));
        } catch (RuntimeException | OutOfMemoryError failed) { // their status would be that of a state that fails
            throw new BadInput("the report can't be made: " + failed);
        }
    }

    /** The report goes to stderr, because stdout is the program's. */
    private int record(Path dir) throws IOException, InterruptedException {
        Linen.unsupportedReason().ifPresent(reason -> {
            throw new BadInput(reason);
        });
        RecordFolder folder = RecordFolder.create(into, dir);
        int status = run(folder);
        String signal = status > SIGNALLED ? ", as after signal " + (status - SIGNALLED) : "";
        return print(folder, "the program ended with status " + status + signal, spec.commandLine().getErr());
    }

    private int report(@Nullable Path out) throws IOException {
        return print(RecordFolder.open(Objects.requireNonNull(out)), "", spec.commandLine().getOut());
    }

    private int print(RecordFolder folder, String ended, PrintWriter out) throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        ProgramReport report = ProgramReport.of(folder, ended,
                new ProgramReport.Settings(disk(), check, states, seed, err::println));
        out.print(report.text());
        if (out.checkError() || report.failed()) {
            return CommandLine.ExitCode.SOFTWARE;
        }
        return report.complete() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.USAGE;
    }

    /** Ctrl-C ends the program, as without linen, and linen itself. */
    private int run(RecordFolder folder) throws IOException, InterruptedException {
        Process program = folder.start(command);
        Thread interrupted = new Thread(() -> {
            program.destroy();
            spec.commandLine().getErr().println("linen: interrupted; to read the record: linen powercut --report "
                    + folder.shown());
            spec.commandLine().getErr().flush();
        });
        Runtime.getRuntime().addShutdownHook(interrupted);
        int status = program.waitFor();
        try {
            Runtime.getRuntime().removeShutdownHook(interrupted);
        } catch (IllegalStateException ending) { // the shutdown hook prints the message
            Thread.sleep(Long.MAX_VALUE);
        }
        return status;
    }

    private DiskModel disk() {
        return switch (model) {
            case POSIX -> DiskModel.POSIX;
            case EXT4 -> DiskModel.EXT4;
            case KILL -> DiskModel.KILL;
        };
    }
}
