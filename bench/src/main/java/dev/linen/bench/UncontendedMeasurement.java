package dev.linen.bench;

import java.util.List;

/** Futex calls that return at once, against the same in C; and Java's counterparts, which make no system call. */
final class UncontendedMeasurement implements Measurement {

    private static final String TITLE = "Wakes and waits that return at once, one CPU";

    @Override
    public List<String> words() {
        return List.of("futex");
    }

    @Override
    public String what() {
        return "wakes and waits that return at once";
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Rounds rounds = lab.sideRounds(Rounds.Place.ONE_CPU, List.of(lab.c("C, a futex", "futex"),
                lab.jmh("linen, wake", "Uncontended.wake"), lab.jmh("linen, await", "Uncontended.await"),
                lab.jmh("LockSupport", "Uncontended.unparkPark"),
                lab.jmh("Semaphore", "Uncontended.releaseAcquire")));
        Comparison calls = new Comparison("", List.of("C", "linen"));
        for (String call : List.of("wake", "await")) {
            calls.row("`Futex." + call + "`", Unit.NANOSECONDS,
                    way -> way.equals("C") ? rounds.of("C, a futex", call) : rounds.of("linen, " + call));
        }
        lab.report().note(TITLE, calls.lines());
        lab.report().note(TITLE, "");
        note(lab, rounds, "LockSupport", "`LockSupport.unpark` of itself and `park`");
        note(lab, rounds, "Semaphore", "`Semaphore.release` and `acquire`");
    }

    private static void note(Lab lab, Rounds rounds, String arm, String what) {
        rounds.of(arm).ifPresent(figure -> lab.report().note(TITLE,
                "- Java, without a system call: " + what + " " + Unit.NANOSECONDS.format(figure)));
    }
}
