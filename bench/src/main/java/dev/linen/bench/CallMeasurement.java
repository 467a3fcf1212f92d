package dev.linen.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** P1, P2 and P13: what a call costs. */
final class CallMeasurement implements TargetMeasurement {

    private static final String LINEN = "linen";
    private static final String RAW = "Syscall.invoke";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P1, Target.P2, Target.P13);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        measureGetppid(lab);
        measureNoop(lab);
        measureByName(lab);
    }

    private static void measureByName(Lab lab) throws InterruptedException {
        Rounds calls = lab.sideRounds(Rounds.Place.ONE_CPU, List.of(lab.jmh(RAW, "NamedCalls.raw"),
                lab.jmh("Linux.read", "NamedCalls.named"), lab.jmh("LinuxOrThrow.uname", "NamedCalls.namedOrThrow"),
                lab.jmh("Syscall.invoke, uname", "NamedCalls.rawUname")));
        lab.report().add(Row.ratio(Target.P13, "`Linux.read` of a bad descriptor", Unit.NANOSECONDS,
                calls.of("Linux.read"), RAW, calls.of(RAW), 1.03));
        calls.of("LinuxOrThrow.uname").ifPresent(checked -> calls.of("Syscall.invoke, uname").ifPresent(raw -> lab
                .report().add(Row.comparison(Target.P13, "`LinuxOrThrow.uname`", Unit.NANOSECONDS, checked,
                        "Syscall.invoke, uname", raw))));
    }

    private static void measureGetppid(Lab lab) throws InterruptedException {
        Rounds calls = lab.sideRounds(Rounds.Place.ONE_CPU, List.of(lab.c("C", "getppid"),
                lab.jmh(LINEN, "Calls.linen"), lab.jmh("JNI", "Calls.jni"),
                lab.jmh("JNA (direct mapping)", "Calls.jna"),
                lab.jmh("jnr-posix", "Calls.jnrPosix"), lab.jmh("FFM, libc's syscall with errno", "Calls.ffmSyscall"),
                lab.jmh("OpenHFT posix, getpid", "Calls.openHftGetpid", OPENHFT_EXPORTS, QUIET)));
        Optional<Samples> linen = calls.of(LINEN);
        lab.report().add(Row.ratio(Target.P1, "`getppid`", Unit.NANOSECONDS, linen, "C, in a function",
                calls.of("C", "called"), 1.05));
        linen.ifPresent(figure -> calls.of("C", "inlined").ifPresent(inlined -> lab.report().add(Row.comparison(
                Target.P1, "`getppid`", Unit.NANOSECONDS, figure, "C, the instruction in the loop", inlined))));
        linen.ifPresent(figure -> calls.arms().stream().filter(arm -> !arm.equals(LINEN) && !arm.equals("C"))
                .forEach(arm -> calls.of(arm).ifPresent(other -> lab.report()
                        .add(Row.comparison(Target.P1, "`getppid`", Unit.NANOSECONDS, figure, arm, other)))));
    }

    /** Chronicle's core uses internals of the JDK. */
    private static final String OPENHFT_EXPORTS = "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED";

    /** SLF4J would warn that there is no logger. */
    private static final String QUIET = "-Dslf4j.internal.verbosity=ERROR";

    private static void measureNoop(Lab lab) throws InterruptedException {
        Rounds calls = lab.sideRounds(Rounds.Place.ONE_CPU, List.of(lab.jmh("linen's linkage", "Noops.linen"),
                lab.jmh("JNI no-op, one argument", "Noops.jni"),
                lab.jmh("JNI no-op, seven arguments", "Noops.jniOfSeven"),
                lab.jmh("JNA no-op (direct mapping), one argument", "Noops.jna"),
                lab.jmh("JNA no-op (direct mapping), seven arguments", "Noops.jnaOfSeven"),
                lab.jmh("JNA no-op (interface), one argument", "Noops.jnaInterface"),
                lab.jmh("jnr-ffi no-op, one argument", "Noops.jnrFfi"),
                lab.jmh("jnr-ffi no-op, seven arguments", "Noops.jnrFfiOfSeven")));
        Optional<Samples> linen = calls.of("linen's linkage");
        Map<String, Double> goals = Map.of("JNI no-op, seven arguments", 0.95,
                "JNA no-op (direct mapping), seven arguments", 0.1, "jnr-ffi no-op, seven arguments", 0.5);
        String what = "no-op downcall of seven arguments";
        for (String peer : calls.arms()) {
            Double goal = goals.get(peer); // only for calls of the same shape
            if (goal != null) {
                lab.report().add(Row.ratio(Target.P2, what, Unit.NANOSECONDS, linen, peer, calls.of(peer), goal));
            } else if (linen.isPresent() && calls.of(peer).isPresent() && !peer.equals("linen's linkage")) {
                lab.report().add(Row.comparison(Target.P2, what, Unit.NANOSECONDS, linen.get(), peer,
                        calls.of(peer).get()));
            }
        }
    }
}
