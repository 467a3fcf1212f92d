package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

class ThreadDumpTest {

    private static final String DUMP = """
            Full thread dump OpenJDK 64-Bit Server VM (25.0.3+9-LTS mixed mode, sharing):

            "main" #3 [2392] prio=5 os_prio=0 cpu=537.57ms elapsed=2.37s tid=0x00007f835402aa70 nid=2392 runnable
               java.lang.Thread.State: RUNNABLE
            \tat Main.main(Main.java:5)

            "a "quoted" name" #24 [2583] daemon prio=5 os_prio=0 cpu=1ms elapsed=1s tid=0x00007f8354364270  [0x00007f8]
               Carrying virtual thread #23
            \tat jdk.internal.vm.Continuation.run(java.base@25.0.3/Continuation.java:251)
               Mounted virtual thread #23
            \tat sun.nio.ch.UnixFileDispatcherImpl.write0(java.base@25.0.3/Native Method)
            \tat TP.lambda$main$0(TP.java:3)
            \tat TP$$Lambda/0x000000006a158210.run(Unknown Source)

            "old" #7 prio=5 os_prio=0 cpu=1ms elapsed=1s tid=0x00007f8354364270 nid=0x95a waiting on condition

            "VM Thread" os_prio=0 cpu=50.96ms elapsed=2.31s tid=0x00007f83540a5000 nid=2400 runnable
            """;

    @Test
    void parse_threads_haveTheirTids() {
        ThreadDump dump = ThreadDump.parse(DUMP);
        assertEquals(3, dump.threads().get(2392).id());
        assertEquals(24, dump.threads().get(2583).id());
        assertEquals(7, dump.threads().get(0x95a).id());
        assertEquals(0, dump.threads().get(2400).id());
        assertEquals(4, dump.threads().size());
    }

    @Test
    void parse_carrier_hasTheStackOfItsVirtualThread() {
        assertEquals(List.of(
                "sun.nio.ch.UnixFileDispatcherImpl.write0(Native Method)", "TP.lambda$main$0(TP.java:3)",
                "TP$$Lambda/0x000000006a158210.run(Unknown Source)"),
                ThreadDump.parse(DUMP).threads().get(2583).mounted().stream().map(StackTraceElement::toString)
                        .toList());
        assertEquals(List.of(), ThreadDump.parse(DUMP).threads().get(2392).mounted());
    }
}
