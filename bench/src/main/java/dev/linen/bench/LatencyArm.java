package dev.linen.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program that prints "LABEL NANOSECONDS" for every operation. Its figures are medians; it keeps the times of all
 * rounds.
 */
final class LatencyArm implements Arm {

    private final ProgramArm program;
    private final Map<String, Latencies> all = new LinkedHashMap<>();

    LatencyArm(String name, List<String> command) {
        this.program = new ProgramArm(name, command);
    }

    @Override
    public String name() {
        return program.name();
    }

    @Override
    public Map<String, Double> run() throws MissingException, InterruptedException {
        Map<String, Latencies> ofRound = new LinkedHashMap<>();
        program.print((label, nanos) -> ofRound.computeIfAbsent(label, name -> new Latencies()).add(nanos));
        Map<String, Double> medians = new LinkedHashMap<>();
        ofRound.forEach((label, latencies) -> {
            medians.put(label, latencies.percentile(0.5));
            all.computeIfAbsent(label, name -> new Latencies()).addAll(latencies);
        });
        return medians;
    }

    /** The times of all rounds so far; empty if the program couldn't run. */
    Latencies latencies(String label) {
        return all.getOrDefault(label, new Latencies());
    }
}
