package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Advice;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;

class MapsCommandTest {

    @TempDir
    private Path folder = Path.of("");

    private record Outcome(int exitStatus, String out, String err) {}

    private static Outcome maps(Ansi ansi, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine linen = LinenCommand.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .setColorScheme(CommandLine.Help.defaultColorScheme(ansi));
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addFirst("maps");
        return new Outcome(linen.execute(all.toArray(String[]::new)), out.toString(), err.toString());
    }

    private static List<JsonObject> parts(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--json");
        Outcome outcome = maps(Ansi.OFF, all.toArray(String[]::new));
        assertEquals(0, outcome.exitStatus(), outcome::toString);
        return JsonParser.parseString(outcome.out()).getAsJsonObject().getAsJsonArray("parts").asList().stream()
                .map(JsonElement::getAsJsonObject).toList();
    }

    private static String text(JsonObject part, String field) {
        return part.get(field).getAsString();
    }

    private static void assertRefused(String reason, String... arguments) {
        Outcome outcome = maps(Ansi.OFF, arguments);
        assertAll(() -> assertEquals(2, outcome.exitStatus()), () -> assertEquals("", outcome.out()),
                () -> assertEquals("linen maps: " + reason, outcome.err().strip()));
    }

    @Test
    void maps_twoThreads_showsStacksAndGuardsOfBoth() {
        List<JsonObject> ofThreads = new ArrayList<>();
        for (JsonObject part : parts("--threads", "2")) {
            if (!text(part, "name").startsWith("linen thread ")) {
                continue;
            }
            // A stack that ran Java in an earlier test may still be two mappings: the JVM protected a part of it.
            JsonObject last = ofThreads.isEmpty() ? null : ofThreads.getLast();
            if (last != null && text(last, "name").equals(text(part, "name"))
                    && text(last, "end").equals(text(part, "start"))) {
                last.add("end", part.get("end"));
                last.addProperty("bytes", last.get("bytes").getAsLong() + part.get("bytes").getAsLong());
            } else {
                ofThreads.add(part);
            }
        }
        assertEquals(8, ofThreads.size(), ofThreads::toString);
        for (int first = 0; first < 8; first += 4) {
            List<JsonObject> one = ofThreads.subList(first, first + 4);
            assertEquals(List.of("linen guard", "linen stack", "linen guard", "linen stack"),
                    one.stream().map(part -> text(part, "kind")).toList());
            assertEquals(List.of("---p", "rw-p", "---p", "rw-p"),
                    one.stream().map(part -> text(part, "access")).toList());
            // or more: the pool may hold larger stacks from earlier tests
            assertTrue(one.get(2).get("bytes").getAsLong() >= 64 << 10, ofThreads::toString);
            assertTrue(one.get(3).get("bytes").getAsLong() >= 2 << 20, ofThreads::toString);
            for (int i = 0; i < 3; i++) {
                assertEquals(text(one.get(i), "end"), text(one.get(i + 1), "start"));
            }
            assertEquals(1, one.stream().map(part -> text(part, "name").split(":")[0]).distinct().count());
        }
    }

    /** Before Linux 6.13: each guard and each stack is a mapping of its own. */
    static final class OldKernel {
        public static void main(String... arguments) {
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.GUARD_INSTALL.number()).with(Errno.EINVAL);
            System.exit(LinenCommand.commandLine().execute("maps", "--threads", "2"));
        }
    }

    @Test
    void maps_kernelWithoutGuardsByAdvice_showsTheSame() {
        ChildJvm.Result result = ChildJvm.of(OldKernel.class).run();
        List<String> parts = result.out().lines().filter(line -> line.matches(".* linen thread \\d+: .*"))
                .map(line -> line.replaceFirst(" linen thread .*", "").replaceFirst("^\\S+ +", "").replaceAll(" +",
                        " "))
                .toList();
        assertEquals(8, parts.size(), result::toString);
        for (int first = 0; first < 8; first += 4) {
            assertEquals("16 KiB ---p linen guard", parts.get(first), result::toString);
            assertTrue(parts.get(first + 1).matches("\\d+ KiB rw-p linen stack"), result::toString); // by the CPU
            assertEquals("64 KiB ---p linen guard", parts.get(first + 2), result::toString);
            assertEquals("2 MiB rw-p linen stack", parts.get(first + 3), result::toString);
        }
    }

    @Test
    void maps_noThreads_showsNone() {
        assertTrue(parts("--threads", "0").stream().noneMatch(part -> text(part, "kind").equals("linen stack")));
    }

    /** The JVM's own threads may be running, and only the stack of a thread that sleeps is known. */
    @Test
    void maps_own_knowsWhatIsWhat() throws Exception {
        CompletableFuture<Long> tid = new CompletableFuture<>();
        CountDownLatch end = new CountDownLatch(1);
        Thread asleep = Thread.ofPlatform().name("asleep").start(() -> {
            tid.complete(Sleepers.tid());
            try {
                end.await();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        });
        Sleepers.awaitAsleepIn(tid.join(), SyscallNumber.FUTEX);
        List<JsonObject> parts = parts();
        end.countDown();
        asleep.join();
        String kinds = parts.stream().map(part -> text(part, "kind") + " " + text(part, "name")).toList().toString();
        assertAll(kinds, () -> assertTrue(kinds.contains(", stack [stack]")),
                () -> assertTrue(kinds.contains("vdso [vdso],")), () -> assertTrue(kinds.contains("heap [heap],")),
                () -> assertTrue(kinds.contains("linen code /memfd:liblinen.so (deleted),")),
                () -> assertTrue(kinds.contains("linen code linen's MachineCode,")),
                () -> assertTrue(kinds.contains("(asleep),")), () -> assertTrue(kinds.contains("JVM ,")),
                () -> assertTrue(kinds.matches(".*file text [^,]*/libjvm.so,.*")));
        for (int i = 0; i + 1 < parts.size(); i++) {
            assertTrue(Long.compareUnsigned(Long.decode(text(parts.get(i), "end")),
                    Long.parseUnsignedLong(text(parts.get(i + 1), "start").substring(2), 16)) <= 0);
        }
    }

    @Test
    void maps_anotherProcess_showsItsFiles() throws Exception {
        Process sleeping = new ProcessBuilder("sleep", "60").start();
        try {
            while (!Files.readString(Path.of("/proc/" + sleeping.pid() + "/comm")).equals("sleep\n")) {
                Thread.onSpinWait(); // between fork and exec it is still a copy of its parent
            }
            List<JsonObject> parts = parts("" + sleeping.pid());
            String names = parts.stream().map(part -> text(part, "kind") + " " + text(part, "name")).toList()
                    .toString();
            assertTrue(names.matches(".*file text [^,]*/(sleep|coreutils|busybox),.*"), names);
            assertFalse(names.contains("JVM"), names);
            assertRefused(
                    "--threads and a PID exclude each other: linen threads can only be started in linen's own process",
                    "--threads", "1", "" + sleeping.pid());
        } finally {
            sleeping.destroyForcibly().waitFor();
        }
        assertRefused("there is no process " + sleeping.pid(), "" + sleeping.pid());
    }

    @Test
    void maps_processOfSomebodyElse_saysSo() throws Exception {
        Skip.unless(!Files.isReadable(Path.of("/proc/1/maps")) || !canRead("/proc/1/maps"),
                "process 1 can be read here");
        assertRefused("process 1 can't be read: permission denied", "1");
    }

    @Test
    void maps_processCantBeRead_saysWhy() {
        assertEquals("process 7 can't be read: Too many open files", MapsCommand.unreadable(7,
                new FileSystemException("/proc/7/maps", null, "Too many open files")));
        assertEquals("process 7 can't be read: Input/output error",
                MapsCommand.unreadable(7, new IOException("Input/output error")));
    }

    private static boolean canRead(String file) {
        try {
            Files.readAllBytes(Path.of(file));
            return true;
        } catch (IOException denied) {
            return false;
        }
    }

    @Test
    void maps_wrongArguments_saysSo() {
        assertRefused("--threads must be from 0 to 1000, not 1001", "--threads", "1001");
        assertRefused("--threads must be from 0 to 1000, not -1", LinenCommand.markNegativeNumbers("--threads", "-1"));
        assertRefused("there is no process -1", LinenCommand.markNegativeNumbers("-1"));
        assertRefused("Invalid value for option '--threads': 'x' is not a whole number (see linen maps --help)",
                "--threads", "x");
        assertRefused("/nonexistent/x.svg can't be written: java.nio.file.NoSuchFileException: /nonexistent/x.svg",
                "--svg", "/nonexistent/x.svg");
    }

    @Test
    void text_withAndWithoutColours_differsOnlyInThem() {
        Outcome plain = maps(Ansi.OFF);
        assertFalse(plain.out().contains("\u001b"));
        assertTrue(plain.out().lines().anyMatch(line -> line.matches(
                " *[0-9a-f]+-[0-9a-f]+ +2 MiB rw-p linen stack linen thread \\d+: stack")),
                plain::toString);
        assertTrue(plain.out().endsWith(" KiB\n"), plain::toString);
        String red = "\u001b[31m";
        assertTrue(maps(Ansi.ON).out().lines()
                .anyMatch(line -> line.startsWith(red) && line.contains(" linen stack linen thread ")
                        && line.endsWith("\u001b[39m")));
    }

    @Test
    void text_longNames_fitIntoTheColumns() {
        ProcessMemory memory = new ProcessMemory(List.of(
                ProcessMemoryTest.region(0x7f0000000000L, 0x7f0000003000L, "/usr/lib/jvm/a-long-name/lib/libjli.so")),
                java.util.Map.of());
        String line = "7f0000000000-7f0000003000     12 KiB r--p file data   ";
        MapsReport report = new MapsReport(1, memory);
        assertEquals(line + "…a-long-name/lib/libjli.so", report.text(Ansi.OFF, 80).lines().toList().getFirst());
        assertEquals(line + "/usr/lib/jvm/a-long-name/lib/libjli.so",
                report.text(Ansi.OFF, 92).lines().toList().getFirst());
        assertTrue(maps(Ansi.OFF).out().lines().allMatch(each -> each.length() <= 80));
        assertEquals("linen t…", MapsReport.fit("linen thread 5: stack", 0));
    }

    @Test
    void svg_own_isWellFormedAndShowsEachPart() throws Exception {
        Path picture = folder.resolve("maps.svg");
        Outcome outcome = maps(Ansi.OFF, "--svg", picture.toString(), "--json");
        int parts = JsonParser.parseString(outcome.out()).getAsJsonObject().getAsJsonArray("parts").size();
        List<String> facts = parsed(picture);
        assertEquals("titles " + parts, facts.get(0));
        assertTrue(facts.get(1).contains("linen guard\n64 KiB  ---p  linen thread "), facts.get(1));
        assertEquals("", maps(Ansi.OFF, "--svg", picture.toString()).out());
    }

    /**
     * The number of titles and their texts. Parsed by another program, since the module dev.linen doesn't read
     * java.xml.
     */
    private List<String> parsed(Path picture) throws Exception {
        Path program = Files.writeString(folder.resolve("Parse.java"), """
                class Parse {
                    public static void main(String... file) throws Exception {
                        var titles = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder()
                                .parse(new java.io.File(file[0])).getElementsByTagName("title");
                        System.out.println("titles " + titles.getLength());
                        for (int i = 0; i < titles.getLength(); i++) {
                            System.out.println(titles.item(i).getTextContent());
                        }
                    }
                }
                """);
        Command.Result result = Command.of(System.getProperty("java.home") + "/bin/java", program.toString(),
                picture.toString()).run();
        assertEquals(0, result.exitStatus(), result::toString);
        return List.of(result.out().split("\n", 2));
    }

    @Test
    void svg_oddNames_areStillXml() throws Exception {
        String odd = "/tmp/<&>\"'\u0001\ufffe\ud83d\ude00|@";
        ProcessMemory memory = new ProcessMemory(List.of(ProcessMemoryTest.region(0x1000, 0x3000, odd)),
                java.util.Map.of());
        Path picture = Files.writeString(folder.resolve("odd.svg"), new MapsPicture(1, memory).toString());
        assertEquals("1000-3000\nfile data\n8 KiB  r--p  /tmp/<&>\"'??\ud83d\ude00|@\n", parsed(picture).get(1));
    }

    @Test
    void height_ofSizes_growsByTheLogarithm() {
        assertEquals(12, MapsPicture.height(4096));
        assertEquals(14, MapsPicture.height(8192));
        assertEquals(14, MapsPicture.height(3 * 4096));
        assertEquals(48, MapsPicture.height(1L << 30));
    }

    @Test
    void size_ofBytes_isInTheLargestUnitThatDivides() {
        assertEquals("4 KiB", MapsReport.size(4096));
        assertEquals("1028 KiB", MapsReport.size(1028 << 10));
        assertEquals("64 MiB", MapsReport.size(64 << 20));
        assertEquals("1 GiB", MapsReport.size(1 << 30));
        assertEquals("20.5 MiB", MapsReport.size((20 << 20) + (512 << 10)));
    }
}
