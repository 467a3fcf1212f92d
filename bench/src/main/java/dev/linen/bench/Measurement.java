package dev.linen.bench;

import java.util.List;

/** Something that can be measured at one go. */
interface Measurement {

    /** What it is asked for by on the command line, in lower case. */
    List<String> words();

    /** What is measured, for whoever waits for it. */
    String what();

    /** Adds to the lab's report. */
    void measure(Lab lab) throws InterruptedException;
}
