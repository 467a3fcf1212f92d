package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.testing.CProbe;
import dev.linen.testing.Skip;

class ErrnoTest {

    /** All errors that have a field, by the name of the field. */
    static Map<String, Errno> named() {
        Map<String, Errno> named = new TreeMap<>();
        for (Field field : Errno.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                try {
                    named.put(field.getName(), (Errno) field.get(null));
                } catch (IllegalAccessException impossible) {
                    throw new AssertionError(impossible);
                }
            }
        }
        return named;
    }

    @Test
    void fields_comparedWithTheKernels_areAllAndEqual() {
        Map<String, Integer> kernels = new TreeMap<>();
        for (Field field : Kernel.class.getFields()) {
            if (field.getName().matches("E[A-Z0-9]+")) {
                try {
                    kernels.put(field.getName(), field.getInt(null));
                } catch (IllegalAccessException impossible) {
                    throw new AssertionError(impossible);
                }
            }
        }
        assertEquals(Errno.EAGAIN.number(), kernels.remove("EWOULDBLOCK"));
        assertEquals(Errno.EDEADLK.number(), kernels.remove("EDEADLOCK"));
        assertEquals(Errno.EBADMSG.number(), kernels.remove("EFSBADCRC"));
        assertEquals(Errno.EUCLEAN.number(), kernels.remove("EFSCORRUPTED"));

        Map<String, Integer> ours = new TreeMap<>();
        named().forEach((name, errno) -> ours.put(name, errno.number()));
        assertEquals(kernels, ours);
        assertTrue(ours.size() > 130, () -> ours.size() + " only");
    }

    @Test
    void toString_ofEachField_isItsName() {
        named().forEach((name, errno) -> {
            assertEquals(name, errno.toString());
            assertEquals(Optional.of(errno), Errno.of(name));
            assertEquals(name + " (" + errno.text() + ")", errno.describe());
        });
    }

    @Test
    void of_otherNameOfTheSame_isThatError() {
        assertEquals(Optional.of(Errno.EAGAIN), Errno.of("EWOULDBLOCK"));
        assertEquals(Optional.of(Errno.EDEADLK), Errno.of("EDEADLOCK"));
        assertEquals(Optional.of(Errno.EBADMSG), Errno.of("EFSBADCRC"));
        assertEquals(Optional.of(Errno.EUCLEAN), Errno.of("EFSCORRUPTED"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "enomem", "ENONE", " ENOMEM", "12"})
    void of_unknownName_isEmpty(String name) {
        assertEquals(Optional.empty(), Errno.of(name));
    }

    @Test
    void constructor_unnamedNumber_printsAsNumber() {
        Errno unnamed = new Errno(4095);
        assertEquals("errno 4095", unnamed.toString());
        assertEquals("errno 4095 (Unknown error 4095)", unnamed.describe());
        assertEquals(-4095, unnamed.result());
        assertEquals(new Errno(4095), unnamed);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4096, -1, -12, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void constructor_noErrno_isRefusedWithTheWayOut(int number) {
        String message = assertThrows(IllegalArgumentException.class, () -> new Errno(number)).getMessage();
        assertTrue(message.contains("1 to 4095, not " + number) && message.contains("Errno.ofResult"), message);
    }

    @Test
    void ofResult_errorOrResult_isPresentOrEmpty() {
        assertEquals(Optional.of(Errno.ENOMEM), Errno.ofResult(-12));
        assertEquals(Optional.of(new Errno(4095)), Errno.ofResult(-4095));
        Stream.of(-4096L, 0L, 12L).forEach(result -> assertEquals(Optional.empty(), Errno.ofResult(result)));
    }

    @Test
    void text_ofEachField_isGlibcs() throws IOException {
        CProbe probe = new CProbe();
        named().forEach((name, errno) -> probe.text(name, "strerror(" + errno.number() + ")"));
        Map<String, String> glibcs = probe.ask().byName();
        Skip.unless(glibcs.get("ENOTTY").equals("Inappropriate ioctl for device"),
                "these are not the texts of glibc: " + glibcs);
        glibcs.forEach((name, text) -> {
            if (text.startsWith("Unknown error")) {
                System.out.println("glibc has no text for " + name);
            } else {
                assertEquals(text, named().get(name).text());
            }
        });
        assertEquals(named().keySet(), glibcs.keySet());
    }
}
