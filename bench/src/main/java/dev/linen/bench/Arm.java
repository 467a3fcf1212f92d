package dev.linen.bench;

import java.util.Map;

/** One of the things that are compared: a process that is started once a round. */
interface Arm {

    /** What the report calls it. */
    String name();

    /**
     * Runs the process.
     *
     * @return figures by their labels; the median where it printed several of the same label
     * @throws MissingException when it can't be had here
     */
    Map<String, Double> run() throws MissingException, InterruptedException;
}
