package dev.linen.bench;

/** linen's performance targets. */
enum Target {
    P1("getppid from Java, against the same loop in C"), //
    P2("what Java adds to a call that does nothing"), //
    P3("bytes that calls allocate on the Java heap"), //
    P4("create + join, cached stack, one CPU, against pthread"), //
    P5("the same, on all CPUs"), //
    P6("the same, against java.lang.Thread"), //
    P7("memory of a sleeping thread"), //
    P8("threads alive at once"), //
    P9("create + join beside 30,000 threads"), //
    P10("cold JVM: from main to the first thread joined, against the JDK's own first downcall"), //
    P11("map, touch, unmap 2 MiB, against C"), //
    P12("what fault containment adds to Java's own NullPointerException"), //
    P13("a call by name, whose segment is checked and held, against the raw call"), //
    P14("join after kill() or a fault, against that of a thread that returned"), //
    P15("states after a power cut that are tried in a second"), //
    P16("a supervised call, against strace");

    private final String what;

    Target(String what) {
        this.what = what;
    }

    String what() {
        return what;
    }
}
