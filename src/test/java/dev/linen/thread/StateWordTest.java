package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StateWordTest {

    private final StateWord word = new StateWord();

    @Test
    void leave_whileOpen_givesNothingBack() {
        assertTrue(word.enter());
        assertFalse(word.leave());
    }

    @Test
    void leave_closedButOthersInside_isForTheLast() {
        assertTrue(word.enter());
        assertTrue(word.enter());
        word.enterAgain();
        assertTrue(word.close());
        assertFalse(word.leave());
        assertFalse(word.leave());
        assertTrue(word.leave());
    }

    @Test
    void enter_closedOrDetached_isRefused() {
        assertTrue(word.enter());
        assertTrue(word.detach());
        assertFalse(word.enter());
        assertTrue(word.isDetached());
        assertTrue(word.leave());
        assertFalse(word.enter());
    }

    @Test
    void end_twice_isTheFirstOne() {
        assertTrue(word.enter());
        assertTrue(word.close());
        assertFalse(word.detach());
        assertFalse(word.close());
        assertFalse(word.isDetached());
    }
}
