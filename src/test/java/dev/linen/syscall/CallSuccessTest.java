package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.Parameter;
import dev.linen.junit.ChildJvm;

/** Runs the calls of success.txt by the methods of Linux. */
class CallSuccessTest {

    private static final Path TABLE = Path.of("src", "test", "resources", "calls", "success.txt");

    @TempDir
    private Path folder;

    @Test
    void everyMethodsCall_hasALineOrAReason() throws IOException {
        assertEquals(Set.of(), CallLine.missing(TABLE));
    }

    @Test
    void calls_thatShouldSucceed_do() {
        String path = folder.toString();
        ChildJvm.Result result = ChildJvm.of(() -> runAll(path)).run();
        assertEquals("", result.err());
        System.out.print(result.out());
        Matcher sum = Pattern.compile("(\\d+) lines succeeded").matcher(result.out());
        assertTrue(sum.find() && Integer.parseInt(sum.group(1)) > 150, result.out());
        assertEquals(0, result.exitStatus());
    }

    private static void runAll(String path) throws IOException, InterruptedException {
        int succeeded = 0;
        Set<String> calls = new TreeSet<>();
        List<String> refused = new ArrayList<>();
        for (String line : CallLine.lines(TABLE)) {
            if (!line.startsWith("skip ")) {
                String outcome = CallLine.inThread(path, line, -1);
                if (outcome.isEmpty()) {
                    succeeded++;
                    calls.add(CallLine.callOf(line));
                } else if (outcome.startsWith("refused")) {
                    refused.add(CallLine.callOf(line) + " " + outcome.substring("refused ".length()));
                } else {
                    System.err.println(line + " -> " + outcome);
                }
            }
        }
        System.out.println(succeeded + " lines succeeded, of " + calls.size() + " calls; refused here: " + refused);
    }

    private static final String REST_OF_TIME = "the kernel ignores that it can't write the remaining time";
    private static final String NOTHING = "nothing is to be written";

    /** Parameters that these lines don't write, and why. */
    private static final Map<String, String> UNWRITTEN = Map.ofEntries(Map.entry("ppoll.tsp", REST_OF_TIME),
            Map.entry("select.tvp", REST_OF_TIME), Map.entry("pselect6.tsp", REST_OF_TIME),
            Map.entry("capget.header", "written only if it has an unknown version"),
            Map.entry("capset.header", "written only if it has an unknown version"),
            Map.entry("getxattr.value", NOTHING), Map.entry("lgetxattr.value", NOTHING),
            Map.entry("listxattr.list", NOTHING), Map.entry("llistxattr.list", NOTHING),
            Map.entry("flistxattr.list", NOTHING), Map.entry("listxattrat.list", NOTHING),
            Map.entry("epoll_wait.events", NOTHING), Map.entry("epoll_pwait.events", NOTHING),
            Map.entry("epoll_pwait2.events", NOTHING), Map.entry("ustat.ubuf", NOTHING));

    /** What the kernel only reads may be on a page without write access; otherwise the call fails. */
    @Test
    void calls_onReadOnlyPages_areEFAULTIfTheKernelWrites() {
        String path = folder.toString();
        ChildJvm.Result result = ChildJvm.of(() -> runOnReadOnlyPages(path)).run();
        assertEquals("", result.err());
        System.out.print(result.out());
        Matcher sums = Pattern.compile("read (\\d+), written (\\d+)").matcher(result.out());
        assertTrue(sums.find() && Integer.parseInt(sums.group(1)) > 80 && Integer.parseInt(sums.group(2)) > 50,
                result.out());
    }

    private static void runOnReadOnlyPages(String path) throws IOException, InterruptedException {
        int read = 0;
        int written = 0;
        for (String line : CallLine.lines(TABLE)) {
            List<Parameter> parameters = line.startsWith("skip ")
                    ? List.of()
                    : CallTable.of(CallLine.callOf(line)).orElseThrow().parameters();
            for (int i = 0; i < parameters.size(); i++) {
                Parameter parameter = parameters.get(i);
                if (parameter.isPointer() && parameter.direction() != Parameter.Direction.EITHER) {
                    String usual = CallLine.inThread(path, line, -1);
                    String onReadOnlyPage = CallLine.inThread(path, line, i);
                    boolean isWritten = onReadOnlyPage.equals("EFAULT");
                    if (onReadOnlyPage.equals("not memory") || usual.startsWith("refused")) {
                        continue;
                    }
                    if (isWritten != parameter.isWritten() || !isWritten && !usual.equals(onReadOnlyPage)) {
                        if (!UNWRITTEN.containsKey(CallLine.callOf(line) + "." + parameter.name())) {
                            System.err.println(line + ": " + parameter.name() + ": " + onReadOnlyPage);
                        }
                    } else if (isWritten) {
                        written++;
                    } else {
                        read++;
                    }
                }
            }
        }
        System.out.println("parameters of calls on read-only pages: read " + read + ", written " + written);
    }
}
