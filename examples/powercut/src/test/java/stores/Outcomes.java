package stores;

import dev.linen.powercut.DiskModel;
import dev.linen.powercut.PowerCut;
import dev.linen.powercut.PowerCutReport;
import java.nio.file.Path;

/** Tries recovery, and counts what was lost and what was damaged apart. Prints a row of a table. */
final class Outcomes {

    final int states;
    int lost;
    int damaged;

    /** Counts what is in a recovered store; throws if it is damaged. */
    @FunctionalInterface
    interface Counting {
        int count(Path copy) throws Exception;
    }

    Outcomes(String what, PowerCut<Integer> run, DiskModel model, Counting counting) {
        PowerCutReport report = run.model(model).atMost(3_000).report((copy, acked, next) -> {
            int found;
            try {
                found = counting.count(copy);
            } catch (Throwable failed) {
                damaged++;
                throw failed;
            }
            if (found != acked && found != next) {
                lost++;
                throw new AssertionError("recovered " + found);
            }
        });
        states = report.states();
        System.out.printf("| %s | %s | %d | %d | %d |%n", what, model, states, lost, damaged);
        if (report.failing() > 0) {
            System.out.println(report);
        }
    }
}
