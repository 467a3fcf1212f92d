package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The system calls of one create and join on a cached stack, counted by strace in a program that calls getppid before
 * and after each.
 */
final class CallsOfCreation {

    /** "4711 futex(0x7f...". Not "4711 <... futex resumed>...", the rest of a call. */
    private static final Pattern CALL = Pattern.compile("(\\d+) +(\\w+)\\(.*");

    private static final Pattern CREATED = Pattern
            .compile("(\\d+) +(?:clone3?\\(|<\\.\\.\\. clone3? resumed>).* = (\\d+)");

    private final Lab lab;

    CallsOfCreation(Lab lab) {
        this.lab = lab;
    }

    void count() throws InterruptedException {
        count("linen", lab.java(List.of(), "CreateJoin", "trace"));
        count("pthread", lab.program("create", "trace"));
    }

    private void count(String name, List<String> command) throws InterruptedException {
        Path trace = lab.output().resolve("strace-" + name + ".txt");
        try {
            ProgramArm.output(ProgramArm.words("strace", "-f", "-q", "-o", trace, command));
            lab.report().note("System calls of one create + join on a cached stack", "- " + name + ": "
                    + usual(Files.readAllLines(trace)));
        } catch (MissingException | IOException reason) {
            lab.report().missing("strace of " + name, String.valueOf(reason.getMessage()));
        }
    }

    /** The calls of most cycles. */
    static String usual(List<String> lines) throws MissingException {
        Map<String, Integer> counts = new HashMap<>();
        for (int begin = 0; begin < lines.size(); begin++) {
            Matcher call = CALL.matcher(lines.get(begin));
            if (call.matches() && call.group(2).equals("getppid")) {
                int end = end(lines, begin, call.group(1));
                counts.merge(cycle(lines.subList(begin + 1, end), call.group(1), lines.subList(end, lines.size())), 1,
                        Integer::sum);
                begin = end;
            }
        }
        return counts.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey)
                .orElseThrow(() -> new MissingException("no getppid in the trace"));
    }

    private static int end(List<String> lines, int begin, String tid) {
        int i = begin + 1;
        while (i < lines.size() - 1 && !isGetppid(lines.get(i), tid)) {
            i++;
        }
        return i;
    }

    private static boolean isGetppid(String line, String tid) {
        Matcher call = CALL.matcher(line);
        return call.matches() && call.group(1).equals(tid) && call.group(2).equals("getppid");
    }

    private static String cycle(List<String> lines, String parent, List<String> later) {
        List<String> ofParent = new ArrayList<>();
        String child = "none";
        for (String line : lines) {
            Matcher call = CALL.matcher(line);
            if (call.matches() && call.group(1).equals(parent)) {
                ofParent.add(call.group(2));
            }
            Matcher created = CREATED.matcher(line);
            if (created.matches() && created.group(1).equals(parent)) {
                child = created.group(2);
            }
        }
        List<String> ofChild = new ArrayList<>();
        for (String line : lines) {
            addIfOf(child, line, ofChild);
        }
        // The child may still be in exit when the joining thread continues.
        for (String line : later.subList(0, Math.min(later.size(), 10))) {
            addIfOf(child, line, ofChild);
        }
        return "%d in the parent (%s), %d in the child (%s)".formatted(ofParent.size(), String.join(", ", ofParent),
                ofChild.size(), String.join(", ", ofChild));
    }

    private static void addIfOf(String tid, String line, List<String> calls) {
        Matcher call = CALL.matcher(line);
        if (call.matches() && call.group(1).equals(tid)) {
            calls.add(call.group(2));
        }
    }
}
