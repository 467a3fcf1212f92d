package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

class CallsOfCreationTest {

    /** A trace as strace prints it: tids are padded to five characters. */
    private static Stream<String> cycle(String parent, String child, String more) {
        return Stream.of("%-5s getppid() = 1", more, "%-5s clone(child_stack=0x7f <unfinished ...>",
                "CHILD sigaltstack({ss_sp=0x7f}, NULL) = 0", "%-5s <... clone resumed>, parent_tid=[CHILD]) = CHILD",
                "CHILD exit(0) = ?", "%-5s futex(0x7f, FUTEX_WAIT_BITSET) = 0", "%-5s getppid( <unfinished ...>",
                "%-5s <... getppid resumed>) = 1").filter(line -> !line.isEmpty())
                .map(line -> line.replace("CHILD", child).formatted(parent));
    }

    @Test
    void usual_tidsOfFourDigits_isWhatMostCyclesDo() throws MissingException {
        List<String> lines = Stream.of(cycle("4737", "7408", "%-5s mmap(NULL) = 0"), cycle("4737", "7409", ""),
                cycle("4737", "7410", "")).flatMap(each -> each).toList();
        assertEquals("2 in the parent (clone, futex), 2 in the child (sigaltstack, exit)",
                CallsOfCreation.usual(lines));
    }
}
