package dev.linen.inject;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import dev.linen.testing.InChild;

class RecordingTest {

    @TestFactory
    Stream<DynamicTest> recordedCalls() {
        return InChild.tests(RecordedCalls.class);
    }
}
