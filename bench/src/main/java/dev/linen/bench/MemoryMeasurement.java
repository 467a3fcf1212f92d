package dev.linen.bench;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** P7: the memory that a sleeping thread uses. */
final class MemoryMeasurement implements TargetMeasurement {

    /** The whole heap is in memory from the start, and the compiler needs little: only the threads' memory grows. */
    static final List<String> STEADY_JVM = List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P7);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Effort effort = lab.effort();
        Rounds rounds = lab.sideRounds(Rounds.Place.ALL_CPUS, List.of(
                new ProgramArm("pthread", lab.program("parked", effort.parked())),
                new ProgramArm("linen", lab.java(STEADY_JVM, "Parked", "linen", effort.parked())),
                new ProgramArm("Thread", lab.java(STEADY_JVM, "Parked", "Thread", effort.parkedJava()))));
        Report report = lab.report();
        Optional<Samples> linen = rounds.of("linen", "pss");
        report.add(Row.ratio(Target.P7, "user memory each (PSS)", Unit.BYTES, linen, "pthread",
                rounds.of("pthread", "pss"), 0.54));
        report.add(Row.ratio(Target.P7, "user memory each (PSS)", Unit.BYTES, linen, "Thread",
                rounds.of("Thread", "pss"), 0.23));
        compare(rounds, "RSS each", "rss", report);
        compare(rounds, "the kernel's page tables, each", "tables", report);
        compare(rounds, "of the Java heap, each", "heap", report);
    }

    private static void compare(Rounds rounds, String what, String label, Report report) {
        Optional<Samples> linen = rounds.of("linen", label);
        for (String other : List.of("pthread", "Thread")) {
            linen.ifPresent(figure -> rounds.of(other, label).ifPresent(
                    baseline -> report.add(Row.comparison(Target.P7, what, Unit.BYTES, figure, other, baseline))));
        }
    }
}
