package dev.linen.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * A JMH benchmark in its own JVM. Its label is "ns".
 *
 * @param name the name in the report
 * @param method CLASS.METHOD, in dev.linen.bench.jvm
 * @param effort the number and duration of the measurements
 * @param warmUpMillis the time to warm up
 * @param log the file for JMH's output
 * @param jvmArguments the arguments of the JVM
 */
record JmhArm(String name, String method, Effort effort, int warmUpMillis, Path log,
        List<String> jvmArguments) implements Arm {

    private static final int WARM_UPS = 2;

    @Override
    public Map<String, Double> run() throws MissingException {
        try {
            Collection<RunResult> results = new Runner(new OptionsBuilder()
                    .include("^" + "dev.linen.bench.jvm.".replace(".", "\\.") + method.replace(".", "\\.") + "$")
                    .forks(1)
                    .warmupIterations(WARM_UPS).warmupTime(TimeValue.milliseconds(warmUpMillis / WARM_UPS))
                    .measurementIterations(effort.batches()).measurementTime(TimeValue.milliseconds(effort.millis()))
                    .jvmArgs(jvmArguments.toArray(String[]::new))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.NORMAL).output(log.toString())
                    .build()).run();
            double median = results.iterator().next().getPrimaryResult().getStatistics().getPercentile(50);
            return Map.of("ns", median);
        } catch (RunnerException failed) {
            throw new MissingException(reason(failed));
        }
    }

    /** The exception that the benchmark threw, which JMH has wrapped. */
    private static String reason(RunnerException failed) {
        Throwable[] suppressed = failed.getSuppressed();
        Throwable cause = suppressed.length > 0 ? suppressed[0] : failed;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        Throwable innermost = Arrays.stream(cause.getSuppressed()).findFirst().orElse(cause);
        return innermost.toString().lines().findFirst().orElse("");
    }
}
