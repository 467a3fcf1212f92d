package dev.linen.inject;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import dev.linen.testing.InChild;

class FaultsTest {

    @TestFactory
    Stream<DynamicTest> injectedFaults() {
        return InChild.tests(InjectedFaults.class);
    }
}
