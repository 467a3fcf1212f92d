package dev.linen.bench;

import java.util.List;

/** Something that is measured as a unit. */
interface Measurement {

    /** The words that select it on the command line, in lower case. */
    List<String> words();

    /** What is measured, for the progress line. */
    String what();

    /** Measures, and adds the results to the lab's report. */
    void measure(Lab lab) throws InterruptedException;
}
