package dev.linen.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** P10: the first thread of a JVM that has just started. */
final class ColdStartMeasurement implements TargetMeasurement {

    private static final int OLDEST_AOT = 25;

    private static final String COLD = "cold JVM";
    private static final String LIBC = "cold JVM, a function of libc";
    private static final String CACHED = "cold JVM with an AOT cache";

    /** What any Java program pays for its first call of C. */
    private static final String FLOOR = "the JDK's own first downcall";

    private static final String THREAD = "FirstThread";
    private static final String DOWNCALL = "FirstDowncall";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P10);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        List<Arm> arms = new ArrayList<>();
        arms.add(cold(lab, COLD, List.of(), THREAD, "code"));
        arms.add(cold(lab, LIBC, List.of(), THREAD, "libc"));
        arms.add(cold(lab, "cold JVM, " + FLOOR, List.of(), DOWNCALL));
        try {
            arms.add(cold(lab, CACHED, List.of(train(lab, THREAD, "code")), THREAD, "code"));
            arms.add(cold(lab, CACHED + ", " + FLOOR, List.of(train(lab, DOWNCALL)), DOWNCALL));
        } catch (MissingException reason) {
            lab.report().missing("AOT cache", String.valueOf(reason.getMessage()));
        }
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS, lab.effort().coldStarts(), arms);
        Report report = lab.report();
        report.add(Row.ratio(Target.P10, "main to first join, " + COLD, Unit.NANOSECONDS, rounds.of(COLD), FLOOR,
                rounds.of(COLD + ", " + FLOOR), 1.8));
        report.add(Row.ratio(Target.P10, "main to first join, " + CACHED, Unit.NANOSECONDS, rounds.of(CACHED), FLOOR,
                rounds.of(CACHED + ", " + FLOOR), 1.9));
        rounds.of(LIBC).ifPresent(linen -> rounds.of(COLD + ", " + FLOOR).ifPresent(floor -> report.add(Row.comparison(
                Target.P10, "main to first join, " + LIBC, Unit.NANOSECONDS, linen, FLOOR, floor))));
    }

    private static Arm cold(Lab lab, String name, List<String> jvmArguments, String program, Object... arguments) {
        return new ProgramArm(name, lab.java(jvmArguments, program, arguments));
    }

    /** Writes the cache by a training run, in one step since Java 25. Returns the argument for a JVM that uses it. */
    private static String train(Lab lab, String program, Object... arguments)
            throws MissingException, InterruptedException {
        if (Runtime.version().feature() < OLDEST_AOT) {
            throw new MissingException("needs Java " + OLDEST_AOT);
        }
        Path cache = lab.output().resolve(program + ".aot").toAbsolutePath();
        ProgramArm.output(lab.java(List.of("-XX:AOTCacheOutput=" + cache), program, arguments));
        if (!Files.exists(cache)) {
            throw new MissingException("the training run wrote no cache");
        }
        return "-XX:AOTCache=" + cache;
    }
}
