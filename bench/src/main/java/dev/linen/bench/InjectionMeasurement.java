package dev.linen.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** P16: what a call costs that is supervised, recorded, or made to fail, against strace. */
final class InjectionMeasurement implements Measurement {

    private static final String PLAIN = "plain";

    /** A way of the program Injection. */
    private record Way(String name, String what) {}

    private static final List<Way> WAYS = List.of(new Way(PLAIN, "not supervised"), new Way("idle", "no rule"),
            new Way("other-call", "a rule for another call"), new Way("other-folder", "a rule for another folder"),
            new Way("errno", "fails"), new Way("recorded", "recorded with data and result"),
            new Way("stack", "recorded with data, result and Java stack"));

    private static final String STRACE = "`strace -f`, this call recorded with 100 bytes of data";
    private static final String STRACE_OTHER = "`strace -f`, another call recorded";

    @Override
    public List<String> words() {
        return List.of("inject", "p16");
    }

    @Override
    public String what() {
        return "a supervised call, against strace";
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        List<Arm> arms = new ArrayList<>();
        for (Way way : WAYS) {
            arms.add(new ProgramArm(way.what(), command(lab, way.name())));
        }
        arms.add(traced(lab, STRACE, "pwrite64"));
        arms.add(traced(lab, STRACE_OTHER, "fdatasync"));
        Rounds rounds = lab.sideRounds(Rounds.Place.ALL_CPUS, arms);
        Table table = new Table("a pwrite of 100 bytes by FileChannel", "time", "beyond the plain call");
        Optional<Samples> plain = rounds.of(WAYS.getFirst().what());
        for (Arm arm : arms) {
            Optional<Samples> samples = rounds.of(arm.name());
            if (samples.isPresent() && plain.isPresent()) {
                double median = samples.get().median();
                table.row(arm.name(), Unit.NANOSECONDS.format(median),
                        Unit.NANOSECONDS.format(median - plain.get().median()));
            }
        }
        lab.report().note("P16: supervised calls, all CPUs", table.lines());
    }

    private static List<String> command(Lab lab, String way) {
        return lab.java(List.of(), "Injection", way, lab.effort().batches(), lab.effort().millis());
    }

    private static Arm traced(Lab lab, String name, String call) {
        List<String> command = ProgramArm.words("strace", "-f", "-o", "/dev/null", "-s", "100", "--seccomp-bpf", "-T",
                "-e", "trace=" + call, command(lab, PLAIN));
        return new ProgramArm(name, command);
    }
}
