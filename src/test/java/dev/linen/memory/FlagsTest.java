package dev.linen.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;

/** Tests Protection, MapFlags and Advice: they accept any value, and print it as in C. */
class FlagsTest {

    @Test
    void fields_comparedWithTheKernels_haveTheirNamesAndValues() throws ReflectiveOperationException {
        int compared = 0;
        for (Class<?> type : List.of(Protection.class, MapFlags.class, Advice.class)) {
            String prefix = type == Protection.class ? "PROT_" : type == MapFlags.class ? "MAP_" : "MADV_";
            for (Field field : type.getFields()) {
                if (Modifier.isStatic(field.getModifiers()) && !field.getName().startsWith("READ_")) {
                    Object value = field.get(null);
                    assertEquals(prefix + field.getName(), value.toString());
                    Method number = type.getMethod(type == Advice.class ? "number" : "bits");
                    assertEquals(Kernel.class.getField(prefix + field.getName()).get(null), number.invoke(value));
                    compared++;
                }
            }
        }
        assertTrue(compared > 40, compared + " only");
    }

    @ParameterizedTest
    @CsvSource({"0, PROT_NONE", "3, PROT_READ|PROT_WRITE", "5, PROT_READ|PROT_EXEC", "0x40, 0x40",
            "0x43, PROT_READ|PROT_WRITE|0x40", "0x1000008, PROT_SEM|PROT_GROWSDOWN", "0x2000000, PROT_GROWSUP",
            "-1, PROT_READ|PROT_WRITE|PROT_EXEC|PROT_SEM|PROT_GROWSDOWN|PROT_GROWSUP|0xfcfffff0"})
    void toString_ofProtection_isAsInC(String bits, String expected) {
        assertEquals(expected, new Protection((int) (long) Long.decode(bits)).toString());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0x22, MAP_PRIVATE|MAP_ANONYMOUS", "3, MAP_SHARED_VALIDATE", "0x80000003, "
            + "MAP_SHARED_VALIDATE|0x80000000", "0x40, 0x40", "0x54000, MAP_NORESERVE|MAP_NONBLOCK|MAP_HUGETLB"})
    void toString_ofMapFlags_isAsInC(String bits, String expected) {
        assertEquals(expected, new MapFlags((int) (long) Long.decode(bits)).toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, 4711, Integer.MIN_VALUE})
    void toString_ofUnknownAdvice_isItsNumber(int number) {
        assertEquals(Integer.toString(number), new Advice(number).toString());
    }

    @Test
    void withAndHas_ofProtection_areUnionAndSubset() {
        assertEquals(Protection.READ_WRITE, Protection.READ.with(Protection.WRITE));
        assertEquals(Protection.READ_EXEC, Protection.EXEC.with(Protection.READ));
        assertTrue(Protection.READ_WRITE.has(Protection.WRITE));
        assertTrue(Protection.READ.has(Protection.NONE));
        assertFalse(Protection.READ.has(Protection.READ_WRITE));
        assertThrows(NullPointerException.class, () -> Protection.READ.with(null));
        assertThrows(NullPointerException.class, () -> Protection.READ.has(null));
    }

    @Test
    void withAndHas_ofMapFlags_areUnionAndSubset() {
        assertEquals(MapFlags.SHARED_VALIDATE, MapFlags.SHARED.with(MapFlags.PRIVATE));
        assertTrue(MapFlags.PRIVATE.with(MapFlags.STACK).has(MapFlags.STACK));
        assertFalse(MapFlags.PRIVATE.has(MapFlags.PRIVATE.with(MapFlags.STACK)));
        assertThrows(NullPointerException.class, () -> MapFlags.PRIVATE.with(null));
        assertThrows(NullPointerException.class, () -> MapFlags.PRIVATE.has(null));
    }
}
