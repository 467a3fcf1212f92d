package dev.linen.cli;

import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code linen}: the root of the command line. */
@Command(name = "linen", description = "Native threads and raw Linux system calls for Java, on memory you own.", mixinStandardHelpOptions = true, versionProvider = LinenCommand.Version.class, subcommands = {
        RunCommand.class, DoctorCommand.class, MapsCommand.class, CallsCommand.class, PowercutCommand.class,
        LinenCommand.Shell.class, LinenCommand.Bench.class}, exitCodeListHeading = "%nExit status:%n", exitCodeList = {
                "0:done",
                "1:something failed",
                "2:the input was invalid; one line on stderr says why",
                "3:the function that was run ended with a fault; its report is printed",
                "4:the function that was run didn't return in time"})
public final class LinenCommand implements Callable<Integer> {

    /** At most so many typing errors make a command or an option another one. */
    private static final int NEAR = 1;

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
        CommandLine line = new CommandLine(new LinenCommand()).setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false)
                .registerConverter(Integer.class, Numbers::parseInt)
                .setParameterExceptionHandler((wrong, arguments) -> {
                    CommandLine command = wrong.getCommandLine();
                    return refuse(command, explained(wrong), " (see " + name(command) + " --help)");
                }).setExecutionExceptionHandler((failed, command, parsed) -> {
                    if (failed instanceof BadInput) {
                        return refuse(command, String.valueOf(failed.getMessage()), "");
                    }
                    throw failed;
                });
        // What follows the command is the program's.
        Objects.requireNonNull(line.getSubcommands().get(PowercutCommand.NAME)).setStopAtPositional(true);
        return line;
    }

    /**
     * Puts a blank before each negative number, so that picocli doesn't take it for an option. The converter strips it.
     * The arguments of a program that is recorded stay as they are.
     */
    static String[] markNegativeNumbers(String... arguments) {
        if (arguments.length > 0 && arguments[0].equals(PowercutCommand.NAME)) {
            return arguments;
        }
        return Arrays.stream(arguments)
                .map(argument -> argument.matches("-\\.?[0-9][0-9a-fA-FxX.eE+-]*") ? " " + argument : argument)
                .toArray(String[]::new);
    }

    /** What is wrong, and the option or command that was probably meant. */
    private static String explained(ParameterException wrong) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched)) {
            return String.valueOf(wrong.getMessage());
        }
        String first = unmatched.getUnmatched().getFirst();
        CommandSpec spec = wrong.getCommandLine().getCommandSpec();
        boolean command = spec.parent() == null && !first.startsWith("-");
        Set<String> names = command ? spec.subcommands().keySet() : spec.optionsMap().keySet();
        List<String> near = near(first.replaceFirst("=.*", ""), names);
        if (near.isEmpty() && !command) {
            near = unmatched.getSuggestions(); // picocli knows others: it compares pairs of letters
        }
        return (command ? "there is no command " + first : wrong.getMessage())
                + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?");
    }

    private static List<String> near(String typed, Set<String> names) {
        return names.stream().filter(name -> name.length() > 2) // not -h and -V, which are near to each other
                .filter(name -> distance(typed.toLowerCase(Locale.ROOT), name) <= NEAR).toList();
    }

    /** How many characters must be inserted, removed, replaced, or exchanged with the next one, to get the other. */
    private static int distance(String from, String to) {
        int[][] steps = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int k = 0; k <= to.length(); k++) {
                if (i == 0 || k == 0) {
                    steps[i][k] = i + k;
                    continue;
                }
                int replaced = from.charAt(i - 1) == to.charAt(k - 1) ? 0 : 1;
                steps[i][k] = Math.min(steps[i - 1][k - 1] + replaced,
                        1 + Math.min(steps[i - 1][k], steps[i][k - 1]));
                if (i > 1 && k > 1 && from.charAt(i - 1) == to.charAt(k - 2)
                        && from.charAt(i - 2) == to.charAt(k - 1)) {
                    steps[i][k] = Math.min(steps[i][k], steps[i - 2][k - 2] + 1);
                }
            }
        }
        return steps[from.length()][to.length()];
    }

    private static int refuse(CommandLine command, String wrong, String hint) {
        String firstLine = wrong.lines().findFirst().orElse("");
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
            Optional<String> version = Optional.ofNullable(LinenCommand.class.getModule().getDescriptor())
                    .flatMap(ModuleDescriptor::rawVersion); // there is none on the class path
            return new String[]{"linen " + version.orElse("of an unknown version")};
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
            "WHAT is a target, P1 to P16, or latency, futex, wake-up, mapping, leaks; default: everything.",
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
