package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CallersTest {

    private final Callers callers = new Callers();
    private final Callers.Visit visit = new Callers.Visit();

    private void leave() {
        synchronized (callers) {
            callers.inside--;
        }
    }

    @Test
    void leave_whileOpen_isNotTheLast() {
        assertTrue(callers.enter(visit));
        leave();
        assertFalse(callers.haveAllLeft());
    }

    @Test
    void leave_closedButOthersInside_isNotTheLast() {
        assertTrue(callers.enter(visit));
        assertTrue(callers.enter(visit));
        callers.enterAgain(visit);
        assertTrue(callers.close());
        leave();
        assertFalse(callers.haveAllLeft());
        leave();
        assertFalse(callers.haveAllLeft());
        leave();
        assertTrue(callers.haveAllLeft());
    }

    @Test
    void enter_closedOrDetached_isRefused() {
        assertTrue(callers.enter(visit));
        assertTrue(callers.detach());
        assertFalse(callers.enter(visit));
        assertTrue(callers.isDetached());
        leave();
        assertTrue(callers.haveAllLeft());
        assertFalse(callers.enter(visit));
    }

    @Test
    void end_twice_isTheFirstOne() {
        assertTrue(callers.enter(visit));
        assertTrue(callers.close());
        assertFalse(callers.detach());
        assertFalse(callers.close());
        assertFalse(callers.isDetached());
    }
}
