package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.ChildJvm;

/** The calls of success.txt and errors.txt, by linen and by the function of libc with the same name. */
class CallLibcTest {

    private static final Path TABLES = Path.of("src", "test", "resources", "calls");

    private static final String ALL_THREADS = "libc changes all threads of the process";
    private static final String OWN_HANDLE = "libc has handles of its own for timers";
    private static final String OTHER_PARAMETERS = "libc's function has other parameters";

    /** libc or the vDSO uses the memory itself, so a bad address is a SIGSEGV rather than EFAULT. */
    private static final Set<String> USER_SPACE_WITH_BAD_ADDRESS = Set.of("gettimeofday", "settimeofday", "time",
            "times",
            "getcpu", "clock_gettime", "clock_getres");

    /** Functions of libc that do something else than the call, and why. */
    private static final Map<String, String> DIFFERENCES = differences();

    private static Map<String, String> differences() {
        Map<String, String> differences = new HashMap<>();
        for (String name : List.of("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
                "setfsuid", "setfsgid")) {
            differences.put(name, ALL_THREADS);
        }
        for (String name : List.of("timer_create", "timer_settime", "timer_gettime", "timer_getoverrun",
                "timer_delete")) {
            differences.put(name, OWN_HANDLE);
        }
        for (String name : List.of("syslog", "reboot", "signalfd", "eventfd", "faccessat", "fchmodat", "preadv2",
                "pwritev2", "init_module", "ustat", "clone")) {
            differences.put(name, OTHER_PARAMETERS);
        }
        differences.put("brk", "libc returns 0, and remembers the break for malloc");
        differences.put("getcwd", "libc returns the buffer, the kernel the length");
        differences.put("getpriority", "the kernel returns 20 - n, so that it isn't negative");
        differences.put("clock_nanosleep", "libc returns the errno as a positive number");
        differences.put("sched_getaffinity",
                "libc returns 0 and clears the rest of the mask, the kernel returns a size");
        differences.put("mq_open", "libc demands a slash before the name, and removes it");
        differences.put("mq_unlink", "libc demands a slash before the name, and removes it");
        return differences;
    }

    /** Their results or bytes differ between processes or with the time; only whether they fail, and how, is compared. */
    private static final Set<String> OF_THE_MOMENT = Set.of("getpid", "gettid", "getppid", "getpgrp", "getpgid",
            "getsid", "time", "times", "sysinfo", "getrusage", "gettimeofday", "clock_gettime", "getcpu", "adjtimex",
            "clock_adjtime", "statfs", "fstatfs", "getitimer", "getrandom");

    /** libc refuses a call for a descriptor without a name, and has futimens for it. */
    private static final String FILE_WITHOUT_A_NAME = "utimensat($f, NULL";

    @TempDir
    private Path folder;

    @Test
    void calls_byLinenAndByLibc_haveTheSameOutcome() {
        String path = folder.toString();
        List<String> byLinen = run(ChildJvm.of(() -> report(path, CallLine::call)));
        List<String> again = run(ChildJvm.of(() -> report(path, CallLine::call)));
        List<String> byLibc = run(ChildJvm.of(() -> report(path, CallLibcTest::function)));
        assertEquals(byLinen.size(), byLibc.size());
        Set<String> compared = new TreeSet<>();
        List<String> different = new ArrayList<>();
        for (int i = 0; i < byLinen.size(); i++) {
            String[] one = byLinen.get(i).split("\t");
            String[] two = again.get(i).split("\t");
            String[] three = byLibc.get(i).split("\t");
            boolean isSame = true;
            for (int field = 0; field < one.length; field++) {
                isSame &= one[field].equals(three[field]) || field > 1 && !one[field].equals(two[field]);
            }
            compared.add(CallLine.callOf(three[0]));
            if (!isSame) {
                different.add(byLinen.get(i) + "\n" + byLibc.get(i));
            }
        }
        assertEquals(List.of(), different);
        System.out.println(compared.size() + " calls compared with libc: " + String.join(" ", compared));
        System.out.println("not compared, because libc's function differs: " + DIFFERENCES);
        assertTrue(compared.size() > 200);
    }

    private static List<String> run(ChildJvm child) {
        ChildJvm.Result result = child.run();
        assertEquals("", result.err());
        assertEquals(0, result.exitStatus(), result.out());
        return result.out().lines().toList();
    }

    /** Prints each line, its errno, its result and its bytes. */
    private static void report(String path, CallLine.Caller caller) throws IOException, InterruptedException {
        for (String table : List.of("success.txt", "errors.txt")) {
            for (String text : CallLine.lines(TABLES.resolve(table))) {
                if (!text.startsWith("skip ") && isCompared(text)) {
                    CallLine line = new CallLine(text, caller);
                    line.inThread(path);
                    boolean isLasting = !OF_THE_MOMENT.contains(CallLine.callOf(text));
                    System.out.println(String.join("\t", text, "errno " + line.error(),
                            isLasting ? "result " + (int) line.result() : "", isLasting
                                    ? String.join("\t", line.bytes())
                                    : ""));
                }
            }
        }
    }

    private static boolean isCompared(String line) {
        String call = CallLine.callOf(line);
        return Linker.nativeLinker().defaultLookup().find(call).isPresent() && CallLine.isOfThisCpu(call)
                && !DIFFERENCES.containsKey(call)
                && !(line.contains("bad") && USER_SPACE_WITH_BAD_ADDRESS.contains(call))
                && !line.contains(FILE_WITHOUT_A_NAME);
    }

    /** Calls the function of libc; its result as the kernel would return it. */
    private static long function(String name, List<Object> arguments) {
        Linker linker = Linker.nativeLinker();
        MemoryLayout[] parameters = Collections.nCopies(arguments.size(), JAVA_LONG).toArray(MemoryLayout[]::new);
        MethodHandle function = linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(),
                FunctionDescriptor.of(JAVA_LONG, parameters), Linker.Option.captureCallState("errno"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Linker.Option.captureStateLayout());
            List<Object> given = new ArrayList<>();
            given.add(errno);
            arguments.forEach(each -> given.add(each instanceof MemorySegment memory ? memory.address() : each));
            long result = (long) function.invokeWithArguments(given);
            return (int) result == -1 ? -errno.get(JAVA_INT, 0) : result;
        } catch (Throwable failed) {
            throw new IllegalStateException(failed);
        } finally {
            Reference.reachabilityFence(arguments);
        }
    }
}
