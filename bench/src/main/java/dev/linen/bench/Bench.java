package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;

/**
 * {@code Bench PROGRAMS OUTPUT [--quick] [--docs FOLDER] [WORD...]}: measures what the words name, or everything, and
 * writes OUTPUT/report.md with its pictures. With {@code --docs}, these are also copied into that folder.
 */
public final class Bench {

    private static final List<Measurement> ALL = List.of(new NullCheckMeasurement(), new CallMeasurement(),
            new AllocationMeasurement(), new MappingMeasurement(), new MemoryCallMeasurement(),
            new CreationMeasurement(), new CreationLatencyMeasurement(), new EndMeasurement(), new GrowthMeasurement(),
            new UncontendedMeasurement(), new WakeUpMeasurement(), new MemoryMeasurement(), new ManyMeasurement(),
            new LeakMeasurement(), new ColdStartMeasurement(), new PowerCutMeasurement(),
            new InjectionMeasurement());

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

    /** The words that select measurements on the command line. */
    static List<String> words() {
        return ALL.stream().flatMap(measurement -> measurement.words().stream()).toList();
    }

    /**
     * Measures, and writes the report.
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
        String run = ("A %s run of %d s on %s. Medians (least – most) of %d rounds, or of %d for memory and for what has no "
                + "target; in each round, all ways take their turn.").formatted(effort.name(), progress.seconds(),
                        LocalDate.now(), effort.rounds(), effort.sideRounds());
        Path file = output.resolve(REPORT);
        Files.writeString(file, report.text(machine, run));
        if (options.docs().isPresent()) {
            report.copy(file, options.docs().get());
        }
        progress.end(file.toString());
        return file;
    }
}
