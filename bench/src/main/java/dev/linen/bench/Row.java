package dev.linen.bench;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A line of the report.
 *
 * @param target what it belongs to
 * @param what which figure
 * @param figure linen's, as text
 * @param baseline what it is compared with, as text
 * @param ratio the one by the other, or linen's figure itself where there is no baseline
 * @param goal as text; empty for what is only told
 * @param verdict how it came out
 */
record Row(Target target, String what, String figure, String baseline, OptionalDouble ratio, String goal,
        Verdict verdict) {

    enum Verdict {
        MET("met"), MISSED("**missed**"), NOT_MEASURED("not measured"), ONLY_TOLD("–");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }

        static Verdict of(boolean met) {
            return met ? MET : MISSED;
        }
    }

    /** Linen's figure by another's, which is to be no larger than the goal. */
    static Row ratio(Target target, String what, Unit unit, Optional<Samples> figure, String baselineName,
            Optional<Samples> baseline, double goal) {
        if (figure.isEmpty() || baseline.isEmpty()) {
            return notMeasured(target, what + ", against " + baselineName, "ratio ≤ " + Unit.number(goal));
        }
        double ratio = figure.get().median() / baseline.get().median();
        return new Row(target, what, unit.format(figure.get()), baselineName + " " + unit.format(baseline.get()),
                OptionalDouble.of(ratio), "ratio ≤ " + Unit.number(goal), Verdict.of(ratio <= goal));
    }

    /** For comparison. */
    static Row told(Target target, String what, Unit unit, Samples figure, String baselineName, Samples baseline) {
        return new Row(target, what, unit.format(figure), baselineName + " " + unit.format(baseline),
                OptionalDouble.of(figure.median() / baseline.median()), "", Verdict.ONLY_TOLD);
    }

    /** A figure that is to be no larger than the goal. */
    static Row most(Target target, String what, Unit unit, Optional<Samples> figure, double goal) {
        String wanted = "≤ " + unit.format(goal);
        return figure.map(samples -> new Row(target, what, unit.format(samples), "", OptionalDouble.empty(), wanted,
                Verdict.of(samples.median() <= goal))).orElse(notMeasured(target, what, wanted));
    }

    /** A figure that is to be no smaller than the goal. */
    static Row least(Target target, String what, Unit unit, Optional<Samples> figure, double goal) {
        String wanted = "≥ " + unit.format(goal);
        return figure.map(samples -> new Row(target, what, unit.format(samples), "", OptionalDouble.empty(), wanted,
                Verdict.of(samples.median() >= goal))).orElse(notMeasured(target, what, wanted));
    }

    static Row notMeasured(Target target, String what, String goal) {
        return new Row(target, what, "", "", OptionalDouble.empty(), goal, Verdict.NOT_MEASURED);
    }
}
