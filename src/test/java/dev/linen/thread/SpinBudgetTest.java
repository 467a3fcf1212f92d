package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SpinBudgetTest {

    private final SpinBudget budget = new SpinBudget();

    private void miss(int times) {
        for (int i = 0; i < times; i++) {
            spinSoon();
            budget.missed();
        }
    }

    /** Returns the number of waits before the next one that spins. Fails if none spins. */
    private int spinSoon() {
        for (int slept = 0; slept <= SpinBudget.LEAST_OFTEN; slept++) {
            if (budget.nanos() > 0) {
                return slept;
            }
        }
        throw new AssertionError("no wait spins any more");
    }

    @Test
    void nanos_initially_isTheUsual() {
        assertEquals(SpinBudget.USUAL_NANOS, budget.nanos());
    }

    @Test
    void nanos_aFewMisses_isTheUsual() {
        miss(SpinBudget.PATIENCE - 1);
        assertEquals(SpinBudget.USUAL_NANOS, budget.nanos());
    }

    @Test
    void nanos_repeatedMisses_spinMoreRarely() {
        miss(SpinBudget.PATIENCE);
        for (int sleeps = 1; sleeps < SpinBudget.LEAST_OFTEN; sleeps = 2 * sleeps + 1) {
            assertEquals(sleeps, spinSoon());
            budget.missed();
        }
        for (int i = 0; i < 5; i++) {
            assertEquals(SpinBudget.LEAST_OFTEN - 1, spinSoon());
            budget.missed();
        }
    }

    @Test
    void nanos_probe_isShorter() {
        miss(SpinBudget.PATIENCE);
        assertEquals(0, budget.nanos());
        assertEquals(SpinBudget.PROBE_NANOS, budget.nanos());
        assertTrue(SpinBudget.PROBE_NANOS < SpinBudget.USUAL_NANOS);
    }

    @Test
    void nanos_whileAnotherProbes_isZero() {
        miss(SpinBudget.PATIENCE + 1);
        assertEquals(3, spinSoon());
        for (int i = 0; i < 3; i++) {
            assertEquals(0, budget.nanos());
        }
    }

    @Test
    void nanos_afterASuccess_isTheUsualForAll() {
        miss(100);
        spinSoon();
        budget.paid();
        for (int i = 0; i < 5; i++) {
            assertEquals(SpinBudget.USUAL_NANOS, budget.nanos());
        }
        miss(SpinBudget.PATIENCE);
        assertEquals(1, spinSoon()); // as initially
    }
}
