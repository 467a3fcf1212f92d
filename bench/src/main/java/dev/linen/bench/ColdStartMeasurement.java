package dev.linen.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** P10: the first thread of a JVM that has just begun. */
final class ColdStartMeasurement implements TargetMeasurement {

    private static final double MILLIS = 1e6;
    private static final int OLDEST_AOT = 25;

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P10);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        List<Arm> arms = new ArrayList<>();
        arms.add(cold(lab, "cold JVM", List.of(), "code"));
        arms.add(cold(lab, "cold JVM, a function of libc", List.of(), "libc"));
        try {
            Path cache = train(lab);
            arms.add(cold(lab, "cold JVM with an AOT cache", List.of("-XX:AOTCache=" + cache), "code"));
        } catch (MissingException reason) {
            lab.report().missing("AOT cache", String.valueOf(reason.getMessage()));
        }
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS, lab.effort().coldStarts(), arms);
        Report report = lab.report();
        report.add(Row.most(Target.P10, "main to first join", Unit.NANOSECONDS, rounds.of("cold JVM"), 120 * MILLIS));
        report.add(Row.most(Target.P10, "main to first join, with an AOT cache", Unit.NANOSECONDS,
                rounds.of("cold JVM with an AOT cache"), 60 * MILLIS));
        report.add(Row.most(Target.P10, "main to first join, of a function of libc", Unit.NANOSECONDS,
                rounds.of("cold JVM, a function of libc"), 120 * MILLIS));
    }

    private static Arm cold(Lab lab, String name, List<String> jvmArguments, String function) {
        return new ProgramArm(name, lab.java(jvmArguments, "FirstThread", function));
    }

    /** One run that writes the cache; in one step since Java 25. */
    private static Path train(Lab lab) throws MissingException, InterruptedException {
        if (Runtime.version().feature() < OLDEST_AOT) {
            throw new MissingException("needs Java " + OLDEST_AOT);
        }
        Path cache = lab.output().resolve("first-thread.aot").toAbsolutePath();
        ProgramArm.output(lab.java(List.of("-XX:AOTCacheOutput=" + cache), "FirstThread", "code"));
        if (!Files.exists(cache)) {
            throw new MissingException("the training run wrote none");
        }
        return cache;
    }
}
