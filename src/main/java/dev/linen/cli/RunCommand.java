package dev.linen.cli;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.Unmatched;
import picocli.CommandLine.UnmatchedArgumentException;

import dev.linen.Linen;
import dev.linen.function.NativeFunction;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/** {@code linen run}: runs one native function on one linen thread, and reports how it ended. */
@Command(name = "run", mixinStandardHelpOptions = true, customSynopsis = "linen run [OPTION]... FILE [FLAG]... [ARG]... [-- ARG...]", description = {
        "Runs a native function on a linen thread.",
        "A FLAG is one for the compiler, with its value attached: -O3, -lz, -I/usr/include/x."}, exitCodeListHeading = "%nExit status:%n", exitCodeList = {
                "0:the function returned", "1:something failed", "2:the input was invalid; one line on stderr says why",
                "3:the function ended with a fault; its report is printed",
                "4:the function didn't return within --timeout"}, footer = {"",
                        "The function is called as C calls it: a whole number is an argument of 64 bits (long, a pointer, also int), "
                                + "a number with a point or an exponent is a double; at most 6 and 8 of them. Nothing can check "
                                + "that the function takes these: a function of other types (float, structs) gets, and returns, "
                                + "wrong numbers without an error.",
                        "", "Examples:", "  linen run examples/collatz.c 27",
                        "  linen run examples/crc32.c --map README.md --json",
                        "  linen run libm.so.6 --function pow --result double -- 2.0 0.5",
                        "  linen run FILE.c -O3 -lz --kind posix --timeout 5s -- -1 0x10"})
final class RunCommand implements Callable<Integer> {

    /** Not 1, which stands for a failure of linen, nor 2, which stands for invalid input. */
    static final int FAULTED = 3;
    static final int TIMED_OUT = 4;

    private static final Duration KILL_PATIENCE = Duration.ofSeconds(1);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "FILE", description = "A C file, compiled with cc (or $CC), or a shared library: a path, or a name that the dynamic linker finds.")
    private Path file = Path.of("");

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "ARG", description = "The function's arguments: 64-bit numbers (decimal or 0x hex, signed or unsigned) or doubles (2.5, 1e3); default: NULL.")
    private List<String> arguments = new ArrayList<>();

    /** Also what picocli doesn't know otherwise. */
    @Unmatched
    private List<String> flags = new ArrayList<>();

    @Option(names = "--function", paramLabel = "NAME", defaultValue = "entry", description = "The function: void *NAME(void *), or of another shape, see below; default: ${DEFAULT-VALUE}.")
    private String function = "";

    @Option(names = "--map", paramLabel = "FILE", description = "Maps this file; the function's argument is then a pointer "
            + "to { const void *data; uint64_t size; }.")
    private @Nullable Path mapped;

    @Option(names = "--result", paramLabel = "TYPE", defaultValue = "LONG", description = "The type of its result: int, long (also for pointers), double; default: long.")
    private ResultType resultType = ResultType.LONG;

    @Option(names = "--kind", paramLabel = "KIND", defaultValue = "CLONE", description = "The thread: clone, which has no libc, or posix, whose faults end the process; default: clone.")
    private NativeThread.Kind kind = NativeThread.Kind.CLONE;

    @Option(names = "--timeout", paramLabel = "TIME", converter = Timeout.class, description = "Kills the thread after this time: 500ms, 5s, 2m.")
    private @Nullable Duration timeout;

    @Option(names = "--json", description = "Prints one JSON object: function, library, tid, handle, result, hex, "
            + "stackSize, stackUsed, nanos; fault instead of result and hex if the function faulted.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        Linen.unsupportedReason().ifPresent(reason -> {
            throw new BadInput(reason);
        });
        List<String> unknown = flags.stream().filter(flag -> !flag.matches("-[^-].*")).toList();
        if (!unknown.isEmpty()) {
            throw new UnmatchedArgumentException(spec.commandLine(), unknown);
        }
        if (mapped != null && !arguments.isEmpty()) {
            throw new BadInput("ARG and --map exclude each other: the argument is either a number or a mapped file");
        }
        List<Number> values = values();
        NativeFunction code = function();
        RunReport report = mapped != null ? runOnFile(code, mapped) : run(code, values);
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? report.json() : report.text(spec.commandLine().getColorScheme().ansi()));
        int exitCode = switch (report.outcome()) {
            case Outcome.Result result -> CommandLine.ExitCode.OK;
            case Outcome.Fault fault -> FAULTED;
            case Outcome.TimedOut late -> TIMED_OUT;
        };
        return out.checkError() ? CommandLine.ExitCode.SOFTWARE : exitCode; // a full disk, a closed pipe
    }

    private List<Number> values() {
        try {
            return arguments.stream().map(new Numbers()::convert).toList();
        } catch (TypeConversionException wrong) {
            throw new BadInput(String.valueOf(wrong.getMessage()));
        }
    }

    private NativeFunction function() {
        try {
            return NativeFunction.ofSymbol(NativeFile.load(file, flags), function);
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
            return run(code, List.of(span.address()));
        }
    }

    private static Mapping map(Path data) {
        try {
            return Mapping.file(data);
        } catch (SyscallException | IllegalArgumentException failed) {
            throw new BadInput(data + " can't be mapped: " + failed.getMessage());
        }
    }

    private RunReport run(NativeFunction code, List<? extends Number> values) throws InterruptedException {
        if (!CCall.isNeeded(values, resultType)) {
            return run(code, values.isEmpty() ? 0 : values.getFirst().longValue());
        }
        // Never freed: after a timeout, the thread may still need it.
        return run(CCall.function(resultType), CCall.registers(code, values, Arena.global()).address());
    }

    @SuppressWarnings("resource") // a thread that can't be killed is detached instead
    private RunReport run(NativeFunction code, long argument) throws InterruptedException {
        long start = System.nanoTime();
        NativeThread thread = NativeThread.builder().kind(kind).start(code, argument);
        Outcome outcome = outcome(thread);
        long nanos = System.nanoTime() - start;
        RunReport report = RunReport.of(function, file, thread, outcome, nanos);
        if (outcome instanceof Outcome.TimedOut late && !late.killed()) {
            thread.detach();
        } else {
            thread.close();
        }
        return report;
    }

    private Outcome outcome(NativeThread thread) throws InterruptedException {
        try {
            if (timeout == null) {
                return new Outcome.Result(thread.join(), resultType);
            }
            OptionalLong result = thread.join(timeout);
            return result.isPresent()
                    ? new Outcome.Result(result.getAsLong(), resultType)
                    : new Outcome.TimedOut(timeout, kill(thread));
        } catch (NativeFaultException faulted) {
            return new Outcome.Fault(faulted.fault());
        }
    }

    /** Returns whether the thread has ended. */
    private static boolean kill(NativeThread thread) throws InterruptedException {
        try {
            thread.kill();
            return thread.join(KILL_PATIENCE).isPresent();
        } catch (NativeFaultException killed) {
            return true;
        } catch (UnsupportedOperationException impossible) { // libc's locks, or no handler
            return false;
        }
    }

    /** A time with its unit. */
    static final class Timeout implements ITypeConverter<Duration> {

        @Override
        public Duration convert(String text) {
            return Numbers.parseDuration(text);
        }
    }
}
