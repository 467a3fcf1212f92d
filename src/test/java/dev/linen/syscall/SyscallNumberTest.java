package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Machine;
import dev.linen.internal.linux.Numbers;

class SyscallNumberTest {

    private static final String PREFIX = "__NR_";

    @Test
    void fields_comparedWithTheKernels_areAllAndEqual() throws IllegalAccessException, ReflectiveOperationException {
        Map<String, Long> kernels = new TreeMap<>();
        for (Method method : Numbers.class.getMethods()) {
            if (method.getName().startsWith(PREFIX)) {
                kernels.put(method.getName().substring(PREFIX.length()), ((Number) method.invoke(null)).longValue());
            }
        }
        Map<String, Long> ours = new TreeMap<>();
        for (Field field : SyscallNumber.class.getFields()) {
            ours.put(field.getName().toLowerCase(Locale.ROOT), field.getLong(null));
        }
        assertEquals(kernels, ours);
        assertTrue(ours.size() > 350, () -> ours.size() + " only");

        ours.forEach((name, number) -> {
            boolean exists = number != -1;
            assertEquals(exists ? OptionalLong.of(number) : OptionalLong.empty(), SyscallNumber.of(name));
            assertEquals(exists ? Optional.of(name) : Optional.empty(), SyscallNumber.nameOf(number));
        });
    }

    /** What replaces the old calls of x86-64 exists on every CPU. */
    @Test
    void fields_ofCallsThatOnlyX86Has_areMinusOneElsewhere() {
        boolean isX86 = Machine.THIS == Machine.X86_64;
        assertEquals(isX86 ? 2 : -1, SyscallNumber.OPEN);
        assertEquals(isX86 ? 57 : -1, SyscallNumber.FORK);
        assertEquals(isX86 ? 257 : 56, SyscallNumber.OPENAT);
        assertEquals(Errno.ENOSYS.result(), Syscall.invoke(-1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GETPID", "getpid ", "no_such_call", "of"})
    void of_unknownName_isEmpty(String name) {
        assertEquals(OptionalLong.empty(), SyscallNumber.of(name));
    }

    @Test
    void of_null_isRefused() {
        assertThrows(NullPointerException.class, () -> SyscallNumber.of(null));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 100_000, 1L << 32 /* 0 in its low half */})
    void nameOf_unknownNumber_isEmpty(long number) {
        assertEquals(Optional.empty(), SyscallNumber.nameOf(number));
    }
}
