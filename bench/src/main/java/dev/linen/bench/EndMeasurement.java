package dev.linen.bench;

import java.util.List;
import java.util.Set;

/** P14: to join a thread that was killed, or that had a fault whose report isn't read. */
final class EndMeasurement implements TargetMeasurement {

    private static final double GOAL = 3;
    private static final String RETURNED = "returned";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P14);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        // Not on one CPU: until the running thread is preempted, the other one can't do anything.
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS, List.of(arm(lab, RETURNED), arm(lab, "killed"),
                arm(lab, "faulted")));
        for (String end : List.of("killed", "faulted")) {
            add(lab.report(), rounds, "start, end, join, close", "life", end);
            add(lab.report(), rounds, "join alone, once the thread has ended", "join", end);
            rounds.of(end, "end").ifPresent(linen -> rounds.of(RETURNED, "end").ifPresent(returned -> lab.report()
                    .add(Row.comparison(Target.P14, "from the end until join has thrown, " + end, Unit.NANOSECONDS,
                            linen, RETURNED, returned))));
        }
    }

    private static void add(Report report, Rounds rounds, String what, String label, String end) {
        report.add(Row.ratio(Target.P14, what + ", " + end, Unit.NANOSECONDS, rounds.of(end, label), RETURNED,
                rounds.of(RETURNED, label), GOAL));
    }

    /** A median of many: a mean would be that of the times at which a CPU was busy. */
    private static Arm arm(Lab lab, String end) {
        return new ProgramArm(end, lab.java(List.of(), "EndJoin", end, lab.effort().creationWarmUpMillis(),
                lab.effort().singles() / 10));
    }
}
