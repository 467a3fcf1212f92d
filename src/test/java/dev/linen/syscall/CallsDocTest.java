package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.SystemCall;
import dev.linen.junit.ChildJvm;

/** The table in docs/calls.md has what a run of the calls gives; with -Dlinen.docs=write, the run writes it. */
class CallsDocTest {

    private static final Path DOCUMENT = Path.of("docs", "calls.md");
    private static final Path TABLES = Path.of("src", "test", "resources", "calls");
    private static final String HEADER = "| call | success | error |\n|---|---|---|\n";

    /** What this system refuses differs from one to the next; the others' rows are compared. */
    private static final String REFUSED = "refused here: ";

    @TempDir
    private Path folder;

    @Test
    void callsDocument_comparedWithARun_hasItsOutcomes() throws IOException {
        String path = folder.toString();
        ChildJvm.Result result = ChildJvm.of(() -> {
            report(path, "success");
            report(path, "errors");
        }).run();
        assertEquals("", result.err());
        Map<String, String> cells = result.out().lines().map(line -> line.split("\t", 2))
                .collect(Collectors.toMap(cell -> cell[0], cell -> cell[1]));
        List<String> rows = new ArrayList<>();
        for (SystemCall call : CallTable.all()) {
            if (call.hasMethod()) {
                rows.add("| `" + call.name() + "` | " + cells.get("success " + call.name()) + " | "
                        + cells.get("errors " + call.name()) + " |");
            }
        }
        String text = Files.readString(DOCUMENT);
        int table = text.indexOf(HEADER) + HEADER.length();
        assertTrue(table > HEADER.length(), "no table");
        if (System.getProperty("linen.docs", "").equals("write")) {
            Files.writeString(DOCUMENT, text.substring(0, table) + String.join("\n", rows) + "\n");
            return;
        }
        List<String> committed = text.substring(table).lines().toList();
        assertEquals(rows.size(), committed.size());
        int compared = 0;
        for (int i = 0; i < rows.size(); i++) {
            if (!rows.get(i).contains(REFUSED) && !committed.get(i).contains(REFUSED)) {
                assertEquals(rows.get(i), committed.get(i));
                compared++;
            }
        }
        System.out.println("rows of docs/calls.md compared: " + compared + " of " + rows.size());
        assertTrue(compared > 150);
    }

    private static void report(String path, String table) throws IOException, InterruptedException {
        Map<String, String> cells = new LinkedHashMap<>();
        for (String text : CallLine.lines(TABLES.resolve(table + ".txt"))) {
            if (text.startsWith("skip ")) {
                String[] callsAndReason = text.substring("skip ".length()).split(": ", 2);
                Arrays.stream(callsAndReason[0].split(" ")).forEach(call -> cells.put(call, callsAndReason[1]));
            } else {
                CallLine line = new CallLine(text);
                String outcome = line.inThread(path);
                String right = table.equals("success")
                        ? "succeeds" + (line.expected().isEmpty() ? "" : ", or " + line.expected().replace(" ", ", "))
                        : line.error();
                String cell = outcome.isEmpty() ? right : outcome.replaceFirst("^refused ", REFUSED);
                cells.merge(CallLine.callOf(text), cell, CallsDocTest::better);
            }
        }
        cells.forEach((call, cell) -> System.out.println(table + " " + call + "\t" + cell));
    }

    /** Of two lines for a call, the one that says more. */
    private static String better(String first, String second) {
        return second.equals("succeeds") || first.startsWith(REFUSED) ? second : first;
    }
}
