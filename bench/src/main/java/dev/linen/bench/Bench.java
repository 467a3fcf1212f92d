package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;

/**
 * {@code Bench PROGRAMS OUTPUT [--quick] [--docs FOLDER] [WORD...]}: measures, and writes OUTPUT/report.md with its pictures; everything
 * unless some of it is named. With a folder, they are copied there.
 */
public final class Bench {

    private static final List<Measurement> ALL = List.of(new NullCheckMeasurement(), new CallMeasurement(),
            new AllocationMeasurement(), new MappingMeasurement(), new MemoryCallMeasurement(),
            new CreationMeasurement(), new CreationLatencyMeasurement(), new GrowthMeasurement(),
            new UncontendedMeasurement(), new WakeUpMeasurement(), new MemoryMeasurement(), new ManyMeasurement(),
            new LeakMeasurement(), new ColdStartMeasurement());

    private static final String REPORT = "report.md";

    private Bench() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        Options options = options(Arrays.asList(arguments).subList(2, arguments.length));
        Path report = run(options, Path.of(arguments[0]), Path.of(arguments[1]));
        System.out.println(Files.readString(report));
    }

    private static Options options(List<String> words) {
        try {
            return Options.parse(words, words());
        } catch (IllegalArgumentException wrong) {
            System.err.println("linen bench: " + wrong.getMessage());
            System.exit(2);
            throw wrong;
        }
    }

    /** By which the measurements are asked for. */
    static List<String> words() {
        return ALL.stream().flatMap(measurement -> measurement.words().stream()).toList();
    }

    /**
     * Measures and writes.
     *
     * @return the report's file
     */
    static Path run(Options options, Path programs, Path output) throws IOException, InterruptedException {
        Files.createDirectories(output);
        String machine = Machine.line();
        Progress progress = new Progress(System.out);
        Report report = new Report();
        Effort effort = options.effort();
        Lab lab = new Lab(effort, progress, report, programs.toAbsolutePath(), output.toAbsolutePath());
        List<Measurement> wanted = ALL.stream().filter(options::wants).toList();
        for (int i = 0; i < wanted.size(); i++) {
            progress.begin(i + 1, wanted.size(), wanted.get(i).what());
            wanted.get(i).measure(lab);
        }
        if (report.hasRatios()) {
            lab.plot("Ratios", "ratios.svg", Plots.ratios(report.rows()));
        }
        String run = "A %s run of %d s on %s: medians of %d rounds, of memory and where no target asks %d (least – most), all ways in turns."
                .formatted(effort.name(), progress.seconds(), LocalDate.now(), effort.rounds(), effort.sideRounds());
        Path file = output.resolve(REPORT);
        Files.writeString(file, report.text(machine, run));
        if (options.docs().isPresent()) {
            report.copy(file, options.docs().get());
        }
        progress.end(file.toString());
        return file;
    }
}
