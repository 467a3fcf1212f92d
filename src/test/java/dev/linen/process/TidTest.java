package dev.linen.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

class TidTest {

    @Test
    void anyMethodThatChanges_onAVirtualThread_refusesTheCarrier() throws Exception {
        CpuSet cpus = Affinity.current();
        List<Executable> calls = List.of(() -> Affinity.setCurrent(cpus), () -> Affinity.set(0, cpus),
                () -> Scheduling.other().apply(0), () -> Scheduling.nice(0, 0), () -> ThreadName.set(0, "name"));
        try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Executable call : calls) {
                String message = virtual.submit(() -> assertThrows(WrongThreadException.class, call)).get()
                        .getMessage();
                assertTrue(message.contains("virtual"), message);
            }
        }
    }

    @Test
    void anyMethodThatReads_onAVirtualThread_answersForTheCarrier() throws Exception {
        CpuSet cpus = Affinity.current();
        int tid = Tid.current();
        try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            assertEquals(cpus, virtual.submit(Affinity::current).get());
            assertEquals(cpus, virtual.submit(() -> Affinity.get(0)).get());
            assertEquals(cpus, virtual.submit(() -> Affinity.get(tid)).get());
            assertEquals(Scheduling.of(tid), virtual.submit(() -> Scheduling.of(0)).get());
            assertEquals(Scheduling.nice(tid), virtual.submit(() -> Scheduling.nice(0)).get());
            assertTrue(virtual.submit(() -> ThreadName.get(0)).get().startsWith("ForkJoi")); // since JDK 26: "ForkJoi..worker-1"
            assertTrue(cpus.contains(virtual.submit(Affinity::cpu).get()));
        }
    }

    @Test
    void current_ofEachThread_isTheKernels() throws Exception {
        assertEquals(Syscall.invoke(SyscallNumber.GETTID), Tid.current());
        assertEquals(Tid.current(), Running.ownTid());
        int[] other = new int[1];
        Thread thread = Thread.ofPlatform().start(() -> other[0] = Tid.current());
        thread.join();
        assertTrue(other[0] > 0 && other[0] != Tid.current(), () -> other[0] + " " + Tid.current());
    }
}
