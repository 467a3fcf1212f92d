package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CallersTest {

    private final Callers callers = new Callers();
    private final Callers.Visit first = new Callers.Visit();
    private final Callers.Visit second = new Callers.Visit();
    private final Callers.Visit third = new Callers.Visit();

    @Test
    void leave_whileOpen_isNotTheLast() {
        assertTrue(callers.enter(first));
        first.inside = false;
        assertFalse(callers.haveAllLeft());
    }

    @Test
    void leave_closedButOthersInside_isNotTheLast() {
        assertTrue(callers.enter(first));
        assertTrue(callers.enter(second));
        callers.enterAgain(third);
        assertTrue(callers.close());
        second.inside = false;
        assertFalse(callers.haveAllLeft());
        third.inside = false;
        assertFalse(callers.haveAllLeft());
        first.inside = false;
        assertTrue(callers.haveAllLeft());
    }

    @Test
    void enter_closedOrDetached_isRefused() {
        assertTrue(callers.enter(first));
        assertTrue(callers.detach());
        assertFalse(callers.enter(second));
        assertFalse(second.inside);
        assertTrue(callers.isDetached());
        first.inside = false;
        assertTrue(callers.haveAllLeft());
        assertFalse(callers.enter(second));
    }

    @Test
    void end_twice_isTheFirstOne() {
        assertTrue(callers.enter(first));
        assertTrue(callers.close());
        assertFalse(callers.detach());
        assertFalse(callers.close());
        assertFalse(callers.isDetached());
    }
}
