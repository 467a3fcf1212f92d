package dev.linen.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import dev.linen.cli.doctor.Examination;

/** {@code linen doctor}: what linen finds on this system, whether linen works there, and what to do if it doesn't. */
@Command(name = "doctor", mixinStandardHelpOptions = true, description = "Reports what linen finds on this system, and whether linen works here: the last check starts and joins a native thread.", exitCodeListHeading = "%nExit status:%n", exitCodeList = {
        "0:linen works here", "1:linen doesn't work here; the last line, or stderr, names the remedy"})
final class DoctorCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Prints one JSON object: works, system, limits, features (\"yes\" or an errno), process, thread, remedy.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        Examination examination = Examination.make();
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? examination.json() : Columns.fit(examination.text(), Columns.AVAILABLE));
        return out.checkError() || !examination.works() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }
}
