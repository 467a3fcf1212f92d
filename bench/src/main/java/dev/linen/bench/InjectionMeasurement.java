package dev.linen.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** P16: what a call costs that is supervised, recorded, or made to fail, against strace. */
final class InjectionMeasurement implements TargetMeasurement {

    private static final double GOAL_RECORDED = 0.8;
    private static final double GOAL_NO_RULE = 0.35;
    private static final String PLAIN = "plain";
    private static final String NO_RULE = "no rule";
    private static final String RECORDED = "recorded with data and result";

    /** A way of the program Injection. */
    private record Way(String name, String what) {}

    private static final List<Way> WAYS = List.of(new Way(PLAIN, "not supervised"), new Way("idle", NO_RULE),
            new Way("other-call", "a rule for another call"), new Way("other-folder", "a rule for another folder"),
            new Way("errno", "fails"), new Way("recorded", RECORDED),
            new Way("stack", "recorded with data, result and Java stack"));

    private static final String STRACE = "`strace -f`, this call recorded with 100 bytes of data";
    private static final String STRACE_OTHER = "`strace -f`, another call recorded";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P16);
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
        add(lab.report(), rounds, RECORDED, GOAL_RECORDED);
        add(lab.report(), rounds, NO_RULE, GOAL_NO_RULE);
        lab.report().note("P16: supervised calls, all CPUs", table.lines());
    }

    private static void add(Report report, Rounds rounds, String way, double goal) {
        report.add(Row.ratio(Target.P16, "a pwrite of 100 bytes, " + way, Unit.NANOSECONDS, rounds.of(way), STRACE,
                rounds.of(STRACE), goal));
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
