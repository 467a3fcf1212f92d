package dev.linen.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The environment of the measurements.
 *
 * @param effort the extent of the run
 * @param progress prints each process that is started
 * @param report collects the results
 * @param programs the folder with the compiled C programs
 * @param output the folder for the report and its files
 */
record Lab(Effort effort, Progress progress, Report report, Path programs, Path output) {

    static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    /** The arguments of every JVM, including JMH's. */
    List<String> jvmArguments(Object... more) {
        return ProgramArm.words("--enable-native-access=ALL-UNNAMED", "-Dbench.native=" + programs, List.of(more));
    }

    /** A program of dev.linen.bench.jvm in its own JVM. */
    List<String> java(List<?> jvmArguments, String program, Object... arguments) {
        return ProgramArm.words(JAVA, jvmArguments(jvmArguments.toArray()), "-cp", jars(),
                "dev.linen.bench.jvm." + program, List.of(arguments));
    }

    /** A C program. */
    List<String> program(String program, Object... arguments) {
        return ProgramArm.words(programs.resolve(program), List.of(arguments));
    }

    /** A C program whose first arguments are BATCHES and MILLIS. */
    ProgramArm c(String name, String program, Object... arguments) {
        return new ProgramArm(name, ProgramArm.words(program(program), effort.batches(), effort.millis(),
                List.of(arguments)));
    }

    JmhArm jmh(String name, String method, Object... moreJvmArguments) {
        return warmedUp(effort.warmUpMillis(), name, method, moreJvmArguments);
    }

    /**
     * For slow operations: the final compilation of a method begins after 500 calls instead of 5,000. Until it is
     * finished, the compiler competes for the CPU, and allocates and frees memory.
     */
    JmhArm jmhOfSlow(String name, String method) {
        return warmedUp(effort.slowWarmUpMillis(), name, method, "-XX:CompileThresholdScaling=0.1");
    }

    private JmhArm warmedUp(int warmUpMillis, String name, String method, Object... moreJvmArguments) {
        return new JmhArm(name, method, effort, warmUpMillis, output.resolve("jmh-" + method + ".log"),
                jvmArguments(moreJvmArguments));
    }

    Rounds rounds(Rounds.Place place, List<? extends Arm> arms) throws InterruptedException {
        return rounds(place, effort.rounds(), arms);
    }

    /** Fewer rounds: for what has no target, and for what hardly differs from round to round. */
    Rounds sideRounds(Rounds.Place place, List<? extends Arm> arms) throws InterruptedException {
        return rounds(place, effort.sideRounds(), arms);
    }

    Rounds rounds(Rounds.Place place, int many, List<? extends Arm> arms) throws InterruptedException {
        Rounds rounds = Rounds.run(progress, place, many, arms);
        report.missing(rounds.missing());
        return rounds;
    }

    /** Writes a picture, and shows it in a section of the report. */
    void plot(String title, String name, String svg) {
        try {
            Files.writeString(output.resolve(name), svg);
            report.plot(title, name);
        } catch (IOException reason) {
            report.missing(name, String.valueOf(reason.getMessage()));
        }
    }

    /** The class path without folders, which an AOT cache doesn't support. In tests it has some. */
    private static String jars() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(each -> each.endsWith(".jar")).collect(Collectors.joining(File.pathSeparator));
    }
}
