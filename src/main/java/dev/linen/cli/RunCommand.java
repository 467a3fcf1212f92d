package dev.linen.cli;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.linen.Linen;
import dev.linen.function.NativeFunction;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/** {@code linen run}: runs one native function on one linen thread, and reports how it ended. */
@Command(name = "run", mixinStandardHelpOptions = true, description = "Runs a native function on a linen thread.", exitCodeListHeading = "%nExit status:%n", exitCodeList = {
        "0:the function returned", "1:something failed", "2:the input was invalid; one line on stderr says why",
        "3:the function ended with a fault; its report is printed"}, footer = {"", "Examples:",
                "  linen run examples/collatz.c 27", "  linen run examples/crc32.c --map README.md --json"})
final class RunCommand implements Callable<Integer> {

    /** Not 1, which stands for a failure of linen, nor 2, which stands for invalid input. */
    static final int FAULTED = 3;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "FILE", description = "A C file, compiled with cc (or $CC), or a shared library.")
    private Path file = Path.of("");

    @Parameters(index = "1", arity = "0..1", paramLabel = "ARG", converter = UnsignedOrSigned.class, description = "The function's argument, a 64-bit number: decimal or 0x hex, signed or unsigned; "
            + "default: NULL.")
    private @Nullable Long argument;

    @Option(names = "--function", paramLabel = "NAME", defaultValue = "entry", description = "The function: void *NAME(void *); default: ${DEFAULT-VALUE}.")
    private String function = "";

    @Option(names = "--map", paramLabel = "FILE", description = "Maps this file; the function's argument is then a pointer "
            + "to { const void *data; uint64_t size; }.")
    private @Nullable Path mapped;

    @Option(names = "--json", description = "Prints one JSON object: function, library, tid, handle, result, hex, "
            + "stackSize, stackUsed, nanos; fault instead of result and hex if the function faulted.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        Linen.unsupportedReason().ifPresent(reason -> {
            throw new BadInput(reason);
        });
        if (mapped != null && argument != null) {
            throw new BadInput("ARG and --map exclude each other: the argument is either a number or a mapped file");
        }
        NativeFunction code = function();
        RunReport report = mapped != null ? runOnFile(code, mapped) : run(code, argument != null ? argument : 0);
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? report.json() : report.text(spec.commandLine().getColorScheme().ansi()));
        int exitCode = report.outcome() instanceof Outcome.Fault ? FAULTED : CommandLine.ExitCode.OK;
        return out.checkError() ? CommandLine.ExitCode.SOFTWARE : exitCode; // a full disk, a closed pipe
    }

    private NativeFunction function() {
        try {
            return NativeFunction.ofSymbol(NativeFile.load(file), function);
        } catch (NoSuchElementException missing) {
            throw new BadInput(file + " has no function " + function + "; choose another one with --function");
        } catch (IllegalArgumentException data) {
            throw new BadInput(file + ": " + data.getMessage());
        }
    }

    private RunReport runOnFile(NativeFunction code, Path data) throws InterruptedException {
        try (Mapping mapping = map(data); Arena arena = Arena.ofConfined()) {
            MemorySegment span = arena.allocate(JAVA_LONG, 2);
            span.setAtIndex(JAVA_LONG, 0, mapping.address());
            span.setAtIndex(JAVA_LONG, 1, mapping.byteSize());
            return run(code, span.address());
        }
    }

    private static Mapping map(Path data) {
        try {
            return Mapping.file(data);
        } catch (SyscallException | IllegalArgumentException failed) {
            throw new BadInput(data + " can't be mapped: " + failed.getMessage());
        }
    }

    private RunReport run(NativeFunction code, long argument) throws InterruptedException {
        long start = System.nanoTime();
        try (NativeThread thread = NativeThread.start(code, argument)) {
            Outcome outcome = outcome(thread);
            long nanos = System.nanoTime() - start;
            return RunReport.of(function, file, thread, outcome, nanos);
        }
    }

    private static Outcome outcome(NativeThread thread) throws InterruptedException {
        try {
            return new Outcome.Result(thread.join());
        } catch (NativeFaultException faulted) {
            return new Outcome.Fault(faulted.fault());
        }
    }
}
