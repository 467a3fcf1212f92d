package dev.linen.powercut;

import java.util.Comparator;
import java.util.List;

/**
 * A crash state on which recovery failed.
 *
 * @param state the state
 * @param acked the index of what was acknowledged before it
 * @param failure what recovery, or the comparison, threw: a few lines
 */
record Finding(CrashState state, int acked, List<String> failure) {

    /** The fewest changes first, then the earliest. */
    static final Comparator<Finding> SMALLEST = Comparator.comparingInt((Finding finding) -> finding.state.size())
            .thenComparingInt(finding -> finding.state.cut());

    private static final int MOST_LINES = 6;

    static List<String> lines(Throwable failure) {
        String text = failure instanceof AssertionError && failure.getMessage() != null
                ? failure.getMessage()
                : failure + place(failure);
        return text.lines().filter(line -> !line.isBlank()).map(String::strip).limit(MOST_LINES).toList();
    }

    private static String place(Throwable failure) {
        for (StackTraceElement frame : failure.getStackTrace()) {
            if (!OperationText.isPassedOver(frame.getClassName())) {
                return " at " + OperationText.of(frame);
            }
        }
        return "";
    }
}
