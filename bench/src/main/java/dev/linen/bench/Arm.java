package dev.linen.bench;

import java.util.Map;

/** One of the things compared: a process that is started once in each round. */
interface Arm {

    /** Its name in the report. */
    String name();

    /**
     * Runs the process.
     *
     * @return figures by their labels; the median if it printed several with the same label
     * @throws MissingException if it can't run here
     */
    Map<String, Double> run() throws MissingException, InterruptedException;
}
