package dev.linen.bench;

import java.util.Set;

/** Something that can be measured at one go, for one target or several. */
interface Measurement {

    Set<Target> targets();

    /** Adds lines to the lab's report. */
    void measure(Lab lab) throws InterruptedException;
}
