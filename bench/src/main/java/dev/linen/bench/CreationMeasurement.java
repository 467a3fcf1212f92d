package dev.linen.bench;

import java.util.List;
import java.util.Set;

/** P4 to P6: to create and join a thread. */
final class CreationMeasurement implements TargetMeasurement {

    private static final int NONE_ALIVE = 0;

    /** The cost that would remain if Java cost nothing. */
    private static final String WITHOUT_JAVA = "linen's C without Java";

    /** The cost that would remain if only the kernel cost anything. */
    private static final String BARE = "C, clone and exit alone";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P4, Target.P5, Target.P6);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Rounds one = lab.rounds(Rounds.Place.ONE_CPU, arms(lab));
        Rounds all = lab.rounds(Rounds.Place.ALL_CPUS, arms(lab));
        Report report = lab.report();
        report.add(Row.ratio(Target.P4, "create + join, one CPU", Unit.NANOSECONDS, one.of("linen"), "pthread",
                one.of("pthread"), 0.85));
        report.add(Row.ratio(Target.P4, "create + join, one CPU", Unit.NANOSECONDS, one.of("linen"), BARE, one.of(BARE),
                1.10));
        report.add(Row.ratio(Target.P5, "create + join, all CPUs", Unit.NANOSECONDS, all.of("linen"), "pthread",
                all.of("pthread"), 0.82));
        report.add(Row.ratio(Target.P6, "create + join, all CPUs", Unit.NANOSECONDS, all.of("linen"), "Thread",
                all.of("Thread"), 0.25));
        one.of("linen").ifPresent(linen -> one.of("Thread").ifPresent(thread -> report.add(Row.comparison(Target.P6,
                "create + join, one CPU", Unit.NANOSECONDS, linen, "Thread", thread))));
        compare(report, Target.P4, "create + join, one CPU", one, WITHOUT_JAVA);
        compare(report, Target.P5, "create + join, all CPUs", all, WITHOUT_JAVA);
        compare(report, Target.P5, "create + join, all CPUs", all, BARE);
        new CallsOfCreation(lab).count();
    }

    private static void compare(Report report, Target target, String what, Rounds rounds, String bound) {
        rounds.of("linen").ifPresent(linen -> rounds.of(bound).ifPresent(
                least -> report.add(Row.comparison(target, what, Unit.NANOSECONDS, linen, bound, least))));
    }

    private static List<Arm> arms(Lab lab) {
        return List.of(lab.c("pthread", "create", NONE_ALIVE), lab.c(WITHOUT_JAVA, "clone"),
                lab.c(BARE, "clone", "bare"), java(lab, "linen", NONE_ALIVE),
                java(lab, "Thread", NONE_ALIVE));
    }

    /** CreateJoin, which takes the arguments of create.c and the time to warm up. */
    static Arm java(Lab lab, String kind, Object... alive) {
        Effort effort = lab.effort();
        return new ProgramArm(kind, lab.java(List.of(), "CreateJoin",
                ProgramArm.words(kind, effort.creationWarmUpMillis(), effort.batches(), effort.millis(), List.of(alive))
                        .toArray()));
    }
}
