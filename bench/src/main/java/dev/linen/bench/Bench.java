package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code Bench PROGRAMS OUTPUT [--quick] [TARGET...]}: measures, and writes OUTPUT/report.md; all targets unless some are named. */
public final class Bench {

    private static final List<Measurement> ALL = List.of(new NullCheckMeasurement(), new CallMeasurement(),
            new AllocationMeasurement(), new MappingMeasurement(), new CreationMeasurement(), new GrowthMeasurement(),
            new MemoryMeasurement(), new ManyMeasurement(), new ColdStartMeasurement());

    private Bench() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        List<String> more = Arrays.asList(arguments).subList(2, arguments.length);
        Effort effort = more.contains("--quick") ? Effort.QUICK : Effort.FULL;
        Set<Target> wanted = EnumSet.noneOf(Target.class);
        for (String word : more) {
            if (!word.equals("--quick")) {
                wanted.add(target(word));
            }
        }
        Path report = run(effort, wanted.isEmpty() ? EnumSet.allOf(Target.class) : wanted, Path.of(arguments[0]),
                Path.of(arguments[1]));
        System.out.println(Files.readString(report));
    }

    private static Target target(String word) {
        try {
            return Target.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException none) {
            System.err.println("linen bench: --quick, or targets of P1 to P12, not " + word);
            System.exit(2);
            throw none;
        }
    }

    /**
     * Measures and writes.
     *
     * @return the report's file
     */
    static Path run(Effort effort, Set<Target> wanted, Path programs, Path output)
            throws IOException, InterruptedException {
        Files.createDirectories(output);
        String machine = Machine.line();
        Progress progress = new Progress(System.out);
        Report report = new Report();
        Lab lab = new Lab(effort, progress, report, programs.toAbsolutePath(), output.toAbsolutePath());
        for (Measurement measurement : ALL) {
            Set<Target> targets = EnumSet.copyOf(measurement.targets());
            targets.retainAll(wanted);
            if (!targets.isEmpty()) {
                progress.begin(targets.stream().map(target -> target + " " + target.what())
                        .collect(Collectors.joining("; ")));
                measurement.measure(lab);
            }
        }
        plotRatios(report, output);
        Path file = output.resolve("report.md");
        report.write(file, machine, "A %s run of %d s on %s: medians of %d rounds (least – most), all ways in turns."
                .formatted(effort.name(), progress.seconds(), LocalDate.now(), effort.rounds()));
        progress.end(file.toString());
        return file;
    }

    private static void plotRatios(Report report, Path output) {
        try {
            report.plot(Plots.ratios(output.resolve("ratios.svg"), report.rows()));
        } catch (IOException | RuntimeException | LinkageError reason) {
            report.missing("ratios.svg", String.valueOf(reason.getMessage()));
        }
    }
}
