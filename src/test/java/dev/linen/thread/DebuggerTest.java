package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.function.CSource;
import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.junit.ChildJvm;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.thread.NativeThread.Kind;

/** gdb attaches to a JVM that has native threads, and lets it go again. */
class DebuggerTest {

    /** The threads wait in a function that is called by the one that they were started with. */
    private static final String SOURCE = """
            #include "cpu.h"
            static __attribute__((noinline)) long wait_in_c(volatile int *word)
            {
                while (*word == 0)
                    cpu_syscall(__NR_futex, (long)word, 0, 0, 0, 0, 0);
                return *word;
            }
            long run_in_c(int *word) { return wait_in_c(word) + 1; }
            """;

    private static final int THREADS = 50;

    private static Kind kind(int number) {
        return number % 2 == 0 ? Kind.CLONE : Kind.POSIX;
    }

    private static boolean isInC(int number) {
        return number % 5 < 2;
    }

    @TempDir
    private Path folder;

    /** Runs gdb on itself. gdb writes to a file: while it has stopped this process, no thread reads a pipe. */
    static final class Debugged {

        private static NativeThread start(int number, MemorySegment word, CSource c) {
            NativeFunction function = isInC(number) ? c.function("run_in_c") : function("wait_for_word");
            return NativeThread.builder().name("thread-" + number).kind(kind(number)).stackSize(256 << 10)
                    .start(function, word);
        }

        private static void attach(String output) throws IOException, InterruptedException {
            ProcessBuilder gdb = new ProcessBuilder("gdb", "-batch", "-nx", "-p", "" + ProcessHandle.current().pid(),
                    "-ex", "info threads", "-ex", "thread apply all bt", "-ex", "detach");
            gdb.environment().put("LC_ALL", "C");
            gdb.environment().remove("DEBUGINFOD_URLS"); // gdb would ask a server for the JVM's debug information
            Process process = gdb.redirectErrorStream(true).redirectInput(new File("/dev/null"))
                    .redirectOutput(new File(output)).start();
            System.out.print(process.waitFor() + " ");
        }

        public static void main(String... arguments) throws Exception {
            CSource c = CSource.compile(SOURCE, Code.includeCpu(), "-g0"); // gdb would show inlined functions
            try (Arena arena = Arena.ofShared()) {
                MemorySegment word = arena.allocate(4);
                List<NativeThread> threads = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    threads.add(start(i, word, c));
                }
                for (NativeThread thread : threads) {
                    Sleepers.awaitAsleepIn(thread.tid(), SyscallNumber.FUTEX, word.address());
                }
                attach(arguments[0]);
                try (NativeThread after = NativeThread.start(function("identity"), 3)) {
                    System.out.print(after.join() + " ");
                }
                Futex futex = Futex.ofShared(word);
                futex.set(7);
                futex.wakeAll();
                long sum = 0;
                for (NativeThread thread : threads) {
                    sum += thread.join();
                    thread.close();
                }
                System.out.print(sum);
            }
        }
    }

    private static boolean isInstalled() throws InterruptedException {
        try {
            return new ProcessBuilder("gdb", "--version").redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
                    .waitFor() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    /** Returns the names that gdb lists, by the tids. */
    private static Map<String, String> names(String output) {
        return Pattern.compile("^[* ] +\\d+ .*?LWP (\\d+)\\)? \"(.*?)\"", Pattern.MULTILINE).matcher(output).results()
                .collect(Collectors.toMap(line -> line.group(1), line -> line.group(2)));
    }

    /** Returns the functions of each backtrace, innermost first, by the tids. */
    private static Map<String, String> backtraces(String output) {
        Pattern frame = Pattern.compile("^#\\d+ +(?:0x\\w+ in )?(\\S+) \\(", Pattern.MULTILINE);
        return Pattern.compile("^Thread \\d+ \\(.*LWP (\\d+)\\b.*:\n((?:#.*\n)+)", Pattern.MULTILINE).matcher(output)
                .results().collect(Collectors.toMap(thread -> thread.group(1), thread -> frame.matcher(thread.group(2))
                        .results().map(function -> function.group(1)).collect(Collectors.joining(" "))));
    }

    @Test
    void attach_ofGdb_showsNamesAndFunctionsAndTheJvmContinues() throws Exception {
        Skip.unless(isInstalled(), "gdb isn't installed");
        Path output = folder.resolve("gdb.out");
        ChildJvm.Result result = ChildJvm.of(Debugged.class).run(output.toString());
        String shown = Files.exists(output) ? Files.readString(output) : "";
        Skip.unless(!shown.contains("ptrace: "), "gdb may not attach: " + shown.strip());
        assertEquals("0 3 " + (7 * THREADS + IntStream.range(0, THREADS).filter(DebuggerTest::isInC).count()),
                result.out(), () -> result + shown);

        Map<String, String> backtraces = backtraces(shown);
        Map<String, String> byName = new TreeMap<>();
        names(shown).forEach((tid, name) -> byName.put(name, backtraces.getOrDefault(tid, "")));
        for (int number = 0; number < THREADS; number++) {
            String expected = isInC(number) ? "wait_in_c run_in_c" : "wait_for_word";
            String frames = byName.getOrDefault("thread-" + number, "not listed");
            if (kind(number) == Kind.CLONE) { // nothing follows: gdb would show a frame at 0 as "??"
                assertEquals(expected + " linen_child", frames, shown);
            } else { // then follow libc's, some of which may have no symbols
                assertTrue(frames.startsWith(expected + " linen_posix_child "), () -> frames + " in " + shown);
            }
        }
    }
}
