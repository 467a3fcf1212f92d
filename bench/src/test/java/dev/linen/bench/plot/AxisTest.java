package dev.linen.bench.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

class AxisTest {

    private static List<String> ticks(Axis axis) {
        return List.copyOf(axis.ticks().values());
    }

    @Test
    void linear_endsAtATickBeyondTheMost() {
        Axis axis = Axis.linear("µs", 117);
        assertEquals(List.of("0", "20", "40", "60", "80", "100", "120"), ticks(axis));
        assertEquals(0.5, axis.place(60));
    }

    @Test
    void logarithmic_narrow_hasTicksAtOneTwoFive() {
        Axis axis = Axis.logarithmic("µs", 7, 190);
        assertEquals(List.of("5", "10", "20", "50", "100", "200"), ticks(axis));
        assertEquals(0, axis.place(5));
        assertEquals(1, axis.place(200));
    }

    @Test
    void logarithmic_wide_hasTicksAtPowersOfTen() {
        Axis axis = Axis.logarithmic("µs", 0.3, 30_000);
        assertEquals(List.of("1", "10", "100", "1,000", "10,000"), ticks(axis));
        assertEquals(List.of(0.2, 50_000.0), List.of(axis.from(), axis.to()));
    }

    @Test
    void logarithmic_ofOneValue_isNotEmpty() {
        Axis axis = Axis.logarithmic("threads", 10, 10);
        assertEquals(List.of("10", "20"), ticks(axis));
        assertEquals(0, axis.place(10));
    }

    @Test
    void nines_areAsFarApartAsTheFirst() {
        Axis axis = Axis.nines("share", 0.99995);
        assertEquals(List.of("0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"), ticks(axis));
        assertEquals(axis.place(0.99) - axis.place(0.9), axis.place(0.999) - axis.place(0.99), 1e-9);
        assertEquals(1, axis.place(1));
    }
}
