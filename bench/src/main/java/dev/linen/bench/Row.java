package dev.linen.bench;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A line of the report's table.
 *
 * @param target the target that it belongs to
 * @param what what was measured
 * @param figure linen's figure, as text
 * @param baseline the name and figure of the baseline, as text
 * @param ratio linen's figure divided by the baseline's; empty without a baseline
 * @param goal the goal, as text; empty if there is none
 * @param verdict whether the goal was met
 */
record Row(Target target, String what, String figure, String baseline, OptionalDouble ratio, String goal,
        Verdict verdict) {

    enum Verdict {
        MET("met"), MISSED("**missed**"), NOT_MEASURED("not measured"), NO_GOAL("–");

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

    /** The ratio of linen's figure to a baseline, which must not exceed the goal. */
    static Row ratio(Target target, String what, Unit unit, Optional<Samples> figure, String baselineName,
            Optional<Samples> baseline, double goal) {
        if (figure.isEmpty() || baseline.isEmpty()) {
            return notMeasured(target, what + ", against " + baselineName, "ratio ≤ " + Unit.number(goal));
        }
        double ratio = figure.get().median() / baseline.get().median();
        return new Row(target, what, unit.format(figure.get()), baselineName + " " + unit.format(baseline.get()),
                OptionalDouble.of(ratio), "ratio ≤ " + Unit.number(goal), Verdict.of(ratio <= goal));
    }

    /** A comparison without a goal. */
    static Row comparison(Target target, String what, Unit unit, Samples figure, String baselineName,
            Samples baseline) {
        return new Row(target, what, unit.format(figure), baselineName + " " + unit.format(baseline),
                OptionalDouble.of(figure.median() / baseline.median()), "", Verdict.NO_GOAL);
    }

    /** A figure that must not exceed the goal. */
    static Row most(Target target, String what, Unit unit, Optional<Samples> figure, double goal) {
        String wanted = "≤ " + unit.format(goal);
        return figure.map(samples -> new Row(target, what, unit.format(samples), "", OptionalDouble.empty(), wanted,
                Verdict.of(samples.median() <= goal))).orElse(notMeasured(target, what, wanted));
    }

    /** A figure that must not be less than the goal. */
    static Row least(Target target, String what, Unit unit, Optional<Samples> figure, double goal) {
        String wanted = "≥ " + unit.format(goal);
        return figure.map(samples -> new Row(target, what, unit.format(samples), "", OptionalDouble.empty(), wanted,
                Verdict.of(samples.median() >= goal))).orElse(notMeasured(target, what, wanted));
    }

    static Row notMeasured(Target target, String what, String goal) {
        return new Row(target, what, "", "", OptionalDouble.empty(), goal, Verdict.NOT_MEASURED);
    }
}
