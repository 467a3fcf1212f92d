package dev.linen.cli;

import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.util.Arrays;
import java.util.concurrent.Callable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code linen}: the root of the command line. */
@Command(name = "linen", description = "Native threads and raw Linux system calls for Java, on memory you own.", mixinStandardHelpOptions = true, versionProvider = LinenCommand.Version.class, subcommands = {
        RunCommand.class, DoctorCommand.class, MapsCommand.class, LinenCommand.Shell.class,
        LinenCommand.Bench.class}, exitCodeListHeading = "%nExit status:%n", exitCodeList = {"0:done",
                "1:something failed",
                "2:the input was invalid; one line on stderr says why",
                "3:the function that was run ended with a fault; its report is printed"})
public final class LinenCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private LinenCommand() {}

    /**
     * Runs the command line and exits with its status.
     *
     * @param arguments as typed
     */
    public static void main(String... arguments) {
        System.exit(commandLine().execute(markNegativeNumbers(arguments)));
    }

    static CommandLine commandLine() {
        return new CommandLine(new LinenCommand()).setParameterExceptionHandler((wrong, arguments) -> {
            CommandLine command = wrong.getCommandLine();
            return refuse(command, wrong, " (see " + name(command) + " --help)");
        }).setExecutionExceptionHandler((failed, command, parsed) -> {
            if (failed instanceof BadInput) {
                return refuse(command, failed, "");
            }
            throw failed;
        });
    }

    /**
     * Puts a blank before each negative number, so that picocli doesn't take it for an option. The converter strips it.
     */
    static String[] markNegativeNumbers(String... arguments) {
        return Arrays.stream(arguments)
                .map(argument -> argument.matches("-[0-9][0-9a-fA-FxX]*") ? " " + argument : argument)
                .toArray(String[]::new);
    }

    private static int refuse(CommandLine command, Exception wrong, String hint) {
        String firstLine = String.valueOf(wrong.getMessage()).lines().findFirst().orElse("");
        command.getErr().println(name(command) + ": " + firstLine + hint);
        return CommandLine.ExitCode.USAGE;
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName();
    }

    /** Without a subcommand, prints the help to stderr and fails. */
    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        spec.commandLine().usage(err);
        return CommandLine.ExitCode.USAGE;
    }

    /** The module's version, which is the build's. */
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            ModuleDescriptor module = LinenCommand.class.getModule().getDescriptor();
            return new String[]{"linen " + module.rawVersion().orElse("of an unknown version")};
        }
    }

    /** Exists for the help only: the launcher starts jshell itself. */
    @Command(name = "shell", mixinStandardHelpOptions = true, customSynopsis = "linen shell [JSHELL OPTION]... [FILE]...", description = "Starts jshell with linen imported and native access enabled.")
    static final class Shell implements Callable<Integer> {

        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            throw new ParameterException(spec.commandLine(), "only the launcher can start the shell: ./linen shell");
        }
    }

    /** Exists for the help only: the launcher starts the bench project's program. */
    @Command(name = "bench", mixinStandardHelpOptions = true, customSynopsis = "linen bench [--quick] [--docs FOLDER] [WHAT]...", description = {
            "Measures linen against its targets, C and other libraries; writes target/bench/report.md.",
            "WHAT is a target, P1 to P12 or P14, or latency, futex, wake-up, mapping, leaks; default: everything.",
            "--quick: fewer rounds, in less than five minutes. "
                    + "--docs: copies the report and its pictures into that folder."})
    static final class Bench implements Callable<Integer> {

        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            throw new ParameterException(spec.commandLine(),
                    "only the launcher can start the benchmarks: ./linen bench");
        }
    }
}
