package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;

class AuxiliaryVectorTest {

    @Test
    void get_knownType_isTheKernelsValue() {
        long uid = Syscall.invoke(SyscallNumber.GETUID);
        assertEquals(OptionalLong.of(uid), AuxiliaryVector.get(Kernel.AT_UID));
        assertEquals(OptionalLong.of(100), AuxiliaryVector.get(Kernel.AT_CLKTCK));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 4711, Long.MIN_VALUE})
    void get_unknownType_isEmpty(long type) {
        assertEquals(OptionalLong.empty(), AuxiliaryVector.get(type));
    }
}
