package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.ChildJvm;
import dev.linen.testing.Skip;

/** Runs the calls of errors.txt, each of which fails. */
class CallErrorTest {

    private static final Path TABLE = Path.of("src", "test", "resources", "calls", "errors.txt");

    @TempDir
    private Path folder;

    @Test
    void everyMethodsCall_hasALineOrAReason() throws IOException {
        assertEquals(Set.of(), CallLine.missing(TABLE));
    }

    @Test
    void calls_thatShouldFail_doWithTheirErrno() {
        String path = folder.toString();
        ChildJvm.Result result = ChildJvm.of(() -> runAll(path)).run();
        assertEquals("", result.err());
        System.out.print(result.out());
        Matcher sum = Pattern.compile("(\\d+) calls failed").matcher(result.out());
        assertTrue(sum.find() && Integer.parseInt(sum.group(1)) > 200, result.out());
        assertEquals(0, result.exitStatus());
    }

    /** The kernel casts its result to an unsigned int, for programs that expect an int. */
    @Test
    void modifyLdt_withAWrongSize_returnsItsErrorIn32Bits() {
        try (Arena arena = Arena.ofConfined()) {
            long result = Linux.modify_ldt(1, arena.allocate(1), 1);
            Skip.unless((int) result != -Errno.ENOSYS.number(), "the kernel has no modify_ldt");
            assertEquals(-Errno.EINVAL.number(), (int) result);
            assertFalse(Syscall.isError(result));
        }
    }

    private static void runAll(String path) throws IOException, InterruptedException {
        int failed = 0;
        List<String> refused = new ArrayList<>();
        for (String text : CallLine.lines(TABLE)) {
            if (!text.startsWith("skip ")) {
                CallLine line = new CallLine(text);
                String outcome = line.inThread(path);
                if (outcome.isEmpty() && line.error().equals(line.expected())) {
                    failed++;
                } else if (outcome.startsWith("refused")) {
                    refused.add(CallLine.callOf(text) + " " + outcome.substring("refused ".length()));
                } else {
                    System.err.println(text + " -> " + outcome + line.error());
                }
            }
        }
        System.out.println(failed + " calls failed as they should; refused here: " + refused);
    }
}
