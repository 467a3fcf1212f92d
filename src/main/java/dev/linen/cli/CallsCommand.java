package dev.linen.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.SystemCall;

/** {@code linen calls}: the table of system calls, or all that is known of one of them. */
@Command(name = "calls", mixinStandardHelpOptions = true, description = "Lists the system calls: number, first version of Linux, declaration; or shows one of them.", footer = {
        "", "A call that needs care is marked with !; linen calls NAME says why.", "", "Examples:", "  linen calls",
        "  linen calls openat", "  linen calls 257 --json", "  linen calls --cpu aarch64"})
final class CallsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "CALL", description = "Its name, or its number; default: all calls.")
    private @Nullable String call;

    @Option(names = "--cpu", paramLabel = "CPU", description = "x86_64 or aarch64: whose numbers; default: this CPU's.")
    private CallReport.Cpu cpu = CallReport.Cpu.here();

    @Option(names = "--json", description = "Prints a JSON object, or an array of one for each call.")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (call != null) {
            CallReport report = new CallReport(find(call), cpu);
            out.print(json ? text(report.json()) : report.full());
        } else {
            List<CallReport> reports = CallTable.all().stream().filter(each -> cpu.number(each).isPresent())
                    .sorted((one, other) -> cpu.number(one).getAsInt() - cpu.number(other).getAsInt())
                    .map(each -> new CallReport(each, cpu)).toList();
            JsonArray array = new JsonArray();
            reports.forEach(each -> array.add(each.json()));
            out.print(json ? text(array) : table(reports));
        }
        return out.checkError() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }

    private static String table(List<CallReport> reports) {
        StringBuilder text = new StringBuilder();
        reports.forEach(each -> text.append(each.line()));
        List<SystemCall> calls = reports.stream().map(CallReport::call).toList();
        return text.append("\n%d calls: %d by name in Linux, %d refused, %d without entry point%n".formatted(
                calls.size(), calls.stream().filter(SystemCall::hasMethod).count(),
                calls.stream().filter(each -> !each.refused().isEmpty()).count(),
                calls.stream().filter(each -> !each.hasEntryPoint()).count())).toString();
    }

    private static String text(JsonElement json) {
        return new GsonBuilder().disableHtmlEscaping().create().toJson(json) + System.lineSeparator();
    }

    private SystemCall find(String nameOrNumber) {
        String name = nameOrNumber.strip().toLowerCase(Locale.ROOT);
        return CallTable.all().stream().filter(each -> each.name().equals(name)
                || name.equals(Integer.toString(cpu.number(each).orElse(-1)))).findFirst()
                .orElseThrow(() -> new BadInput("there is no system call " + nameOrNumber.strip() + " in Linux 7.3"));
    }
}
