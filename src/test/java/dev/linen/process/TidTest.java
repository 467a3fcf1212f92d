package dev.linen.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TidTest {

    @Test
    void anyMethod_onAVirtualThread_refusesTheCarrier() throws Exception {
        CpuSet cpus = Affinity.current();
        int tid = Running.ownTid();
        List<Executable> calls = List.of(Affinity::current, () -> Affinity.setCurrent(cpus), () -> Affinity.get(0),
                () -> Affinity.set(0, cpus), () -> Scheduling.of(0), () -> Scheduling.other().apply(0),
                () -> Scheduling.nice(0), () -> Scheduling.nice(0, 0), () -> ThreadName.get(0),
                () -> ThreadName.set(0, "name"));
        try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Executable call : calls) {
                String message = virtual.submit(() -> assertThrows(WrongThreadException.class, call)).get()
                        .getMessage();
                assertTrue(message.contains("virtual thread"), message);
            }
            assertEquals(cpus, virtual.submit(() -> Affinity.get(tid)).get());
        }
    }
}
