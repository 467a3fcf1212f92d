package dev.linen.bench.jvm;

/** Times of single operations, printed once all have been measured: a line "LABEL NANOSECONDS" each. */
final class Singles {

    private final String label;
    private final long[] nanos;
    private int count;

    Singles(String label, int most) {
        this.label = label;
        this.nanos = new long[most];
    }

    void add(long one) {
        nanos[count++] = one;
    }

    void print() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            lines.append(label).append(' ').append(nanos[i]).append('\n');
        }
        System.out.print(lines);
        System.out.flush();
    }
}
