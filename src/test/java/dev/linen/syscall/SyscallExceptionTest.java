package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyscallExceptionTest {

    @Test
    void getMessage_someArguments_isWhatStracePrints() {
        SyscallException failed = new SyscallException("mprotect", Errno.ENOMEM.result(),
                SyscallException.hex(0x7f2c4a000000L), 4096, "PROT_NONE");
        assertEquals("mprotect(0x7f2c4a000000, 4096, PROT_NONE) failed: ENOMEM (Cannot allocate memory)",
                failed.getMessage());
        assertEquals("mprotect", failed.call());
        assertEquals(List.of("0x7f2c4a000000", "4096", "PROT_NONE"), failed.arguments());
        assertEquals(Errno.ENOMEM, failed.errno());
    }

    @Test
    void getMessage_noArguments_hasEmptyParentheses() {
        assertEquals("getpid() failed: EPERM (Operation not permitted)",
                new SyscallException("getpid", -1).getMessage());
    }

    @Test
    void getMessage_unnamedErrno_hasItsNumber() {
        assertEquals("close(3) failed: errno 4000 (Unknown error 4000)",
                new SyscallException("close", -4000, 3).getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -4096, Long.MIN_VALUE, -4294967297L /* -1 in its low half */, -4294963201L})
    void constructor_resultIsNoError_isRefused(long result) {
        assertThrows(IllegalArgumentException.class, () -> new SyscallException("close", result));
    }

    @Test
    void hex_topBitSet_isUnsigned() {
        assertEquals("0xffffffffff600000", SyscallException.hex(0xffffffffff600000L));
        assertEquals("0x0", SyscallException.hex(0));
    }

    @Test
    void arguments_changed_refuses() {
        List<String> arguments = new SyscallException("close", -1, 3).arguments();
        assertThrows(UnsupportedOperationException.class, () -> arguments.set(0, "4"));
    }

    @Test
    void serialization_roundTrip_keepsEverything() throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new SyscallException("close", Errno.EBADF.result(), 3));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            SyscallException read = (SyscallException) in.readObject();
            assertEquals("close(3) failed: EBADF (Bad file descriptor)", read.getMessage());
            assertEquals(List.of("3"), read.arguments());
            assertEquals(Errno.EBADF, read.errno());
        }
    }
}
