package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The operations of a mapping, one by one: against C, the same calls by the FFM API, and the JDK's counterparts. */
final class MemoryCallMeasurement implements Measurement {

    private static final String C = "C";
    private static final List<String> WAYS = List.of(C, "linen", "FFM, libc", "JDK");
    private static final int FILE_BYTES = 2 << 20;

    /**
     * An operation.
     *
     * @param label the C program's label for it
     * @param what what it does
     * @param benchmarks the methods of MemoryCalls, by the ways that they measure
     */
    private record Operation(String label, String what, Map<String, String> benchmarks) {

        String arm(String way) {
            return way.equals(C) ? C : way + ", " + label;
        }
    }

    private static final List<Operation> OPERATIONS = List.of(
            new Operation("map", "2 MiB mapped and unmapped, not touched (JDK: an arena's, zeroed)",
                    Map.of("linen", "map", "FFM, libc", "mapFfm", "JDK", "mapArena")),
            new Operation("protect", "a page made read-only, and writable again",
                    Map.of("linen", "protect", "FFM, libc", "protectFfm")),
            new Operation("advise", "an untouched page freed (`MADV_DONTNEED`)",
                    Map.of("linen", "advise", "FFM, libc", "adviseFfm")),
            new Operation("file", "a file of 2 MiB opened, mapped, closed, unmapped (JDK: `FileChannel.map`)",
                    Map.of("linen", "file", "JDK", "fileChannel")));

    @Override
    public List<String> words() {
        return List.of("mapping");
    }

    @Override
    public String what() {
        return "map, protect, advise, map a file";
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Path file = lab.output().resolve("mapped.bin");
        try {
            Files.write(file, new byte[FILE_BYTES]);
            try {
                report(lab, lab.sideRounds(Rounds.Place.ONE_CPU, arms(lab, file)));
            } finally {
                Files.delete(file);
            }
        } catch (IOException noFile) {
            lab.report().missing("mapping operations", String.valueOf(noFile.getMessage()));
        }
    }

    private static List<Arm> arms(Lab lab, Path file) {
        List<Arm> arms = new ArrayList<>();
        arms.add(lab.c(C, "mapping", file));
        for (Operation operation : OPERATIONS) {
            for (String way : WAYS) {
                String method = operation.benchmarks().get(way);
                if (method != null) {
                    arms.add(lab.jmh(operation.arm(way), "MemoryCalls." + method, "-Dbench.file=" + file));
                }
            }
        }
        return arms;
    }

    private static void report(Lab lab, Rounds rounds) {
        Comparison table = new Comparison("", WAYS);
        for (Operation operation : OPERATIONS) {
            table.row(operation.what(), Unit.NANOSECONDS, way -> figure(rounds, operation, way));
        }
        lab.report().note("A mapping's operations, one CPU", table.lines());
    }

    private static Optional<Samples> figure(Rounds rounds, Operation operation, String way) {
        return way.equals(C) ? rounds.of(C, operation.label()) : rounds.of(operation.arm(way));
    }
}
