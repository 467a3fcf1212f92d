package dev.linen.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
import dev.linen.cli.doctor.SmallestThread;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeThread;

/** {@code linen maps}: a process's address space, as a table or as a picture. */
@Command(name = "maps", mixinStandardHelpOptions = true, description = "Shows the address space of a process; by default, of its own with a few linen threads in it.", footer = {
        "",
        "The kind JVM is a guess: anonymous memory of a JVM that is executable (compiled code) "
                + "or below 64 GiB (where HotSpot puts heap and classes).",
        "", "Examples:", "  linen maps", "  linen maps --svg maps.svg --threads 5",
        "  linen maps 1"})
final class MapsCommand implements Callable<Integer> {

    private static final int MOST_THREADS = 1000;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "PID", converter = UnsignedOrSigned.class, description = "The process; default: linen's own.")
    private @Nullable Long process;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draws a picture into this file instead of printing.")
    private @Nullable Path picture;

    @Option(names = "--json", description = "Prints one JSON object: pid, parts (start, end, bytes, access, kind, name).")
    private boolean json;

    @Option(names = "--threads", paramLabel = "N", description = "Starts this many linen threads first; default: 3.")
    private @Nullable Integer threads;

    @Override
    public Integer call() throws InterruptedException {
        long self = ProcessHandle.current().pid();
        if (process == null || process == self) {
            return showOwn(self);
        }
        if (threads != null) {
            throw new BadInput(
                    "--threads and a PID exclude each other: linen threads can only be started in linen's own process");
        }
        return show(process, new ProcessMemory(regions(process), StackPointers.of(process)));
    }

    private static List<Region> regions(long pid) {
        try {
            return MemoryMap.read(pid).regions();
        } catch (UncheckedIOException failed) {
            throw new BadInput(unreadable(pid, Objects.requireNonNull(failed.getCause())));
        }
    }

    /** Why the mappings of a process can't be read. */
    static String unreadable(long pid, IOException failed) {
        String process = "process " + pid;
        return switch (failed) {
            case AccessDeniedException denied -> process + " can't be read: permission denied";
            case NoSuchFileException missing when Files.exists(Path.of("/proc/self")) -> "there is no " + process;
            case NoSuchFileException missing -> process + " can't be read: /proc isn't mounted";
            case FileSystemException refused -> process + " can't be read: " + refused.getReason();
            default -> process + " can't be read: " + failed.getMessage();
        };
    }

    private int showOwn(long self) throws InterruptedException {
        int count = threads != null ? threads : 3;
        if (count < 0 || count > MOST_THREADS) {
            throw new BadInput("--threads must be from 0 to " + MOST_THREADS + ", not " + count);
        }
        List<NativeThread> own = new ArrayList<>();
        try {
            start(count, own);
            ProcessMemory memory = new ProcessMemory(regions(self), StackPointers.of(self));
            if (count > 0) {
                long code = SmallestThread.code().segment().address();
                memory.mark(code, code + Mapping.pageSize(), RegionKind.LINEN_CODE, "linen's MachineCode");
            }
            own.forEach(memory::mark);
            return show(self, memory);
        } finally {
            own.forEach(NativeThread::close);
        }
    }

    /** The threads have ended before the mappings are read; their stacks stay mapped until the threads are closed. */
    private static void start(int count, List<NativeThread> own) throws InterruptedException {
        if (count > 0) {
            Linen.unsupportedReason().ifPresent(reason -> {
                throw new BadInput(reason);
            });
        }
        try {
            for (int i = 0; i < count; i++) {
                NativeThread thread = SmallestThread.start(i);
                own.add(thread);
                thread.join();
            }
        } catch (SyscallException | IllegalCallerException | UnsatisfiedLinkError refused) {
            throw new BadInput(refused.getMessage() + " (see linen doctor; --threads 0 starts no threads)");
        }
    }

    private int show(long pid, ProcessMemory memory) {
        if (picture != null) {
            draw(pid, memory, picture);
        }
        PrintWriter out = spec.commandLine().getOut();
        MapsReport report = new MapsReport(pid, memory);
        if (json) {
            out.print(report.json());
        } else if (picture == null) {
            out.print(report.text(spec.commandLine().getColorScheme().ansi()));
        }
        return out.checkError() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }

    private static void draw(long pid, ProcessMemory memory, Path file) {
        try {
            Files.writeString(file, new MapsPicture(pid, memory).toString());
        } catch (IOException failed) {
            throw new BadInput(file + " can't be written: " + failed);
        }
    }
}
