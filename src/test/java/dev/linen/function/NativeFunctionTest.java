package dev.linen.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.NoSuchElementException;

import org.junit.jupiter.api.Test;

import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

@NoLeaks
class NativeFunctionTest {

    private static final SymbolLookup LIBC = Linker.nativeLinker().defaultLookup();

    private static void assertRefused(String reason, MemorySegment address) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> NativeFunction.ofAddress(address));
        assertTrue(refused.getMessage().contains(reason), refused::getMessage);
    }

    @Test
    void ofSymbol_ofALibrary_runs() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            NativeFunction strlen = NativeFunction.ofSymbol(LIBC, "strlen");
            assertEquals("strlen", strlen.toString());
            try (NativeThread thread = NativeThread.start(strlen, arena.allocateFrom("fünf"))) {
                assertEquals(5, thread.join());
            }
        }
    }

    @Test
    void ofSymbol_missing_isRefused() {
        NoSuchElementException refused = assertThrows(NoSuchElementException.class,
                () -> NativeFunction.ofSymbol(LIBC, "no_such_function"));
        assertTrue(refused.getMessage().contains("no_such_function"), refused::getMessage);
    }

    @Test
    void ofSymbol_data_isRefused() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> NativeFunction.ofSymbol(LIBC, "environ"));
        assertTrue(refused.getMessage().contains("data"), refused::getMessage);
    }

    @Test
    void ofSymbol_null_isRefused() {
        assertThrows(NullPointerException.class, () -> NativeFunction.ofSymbol(null, "strlen"));
        assertThrows(NullPointerException.class, () -> NativeFunction.ofSymbol(LIBC, null));
        assertThrows(NullPointerException.class, () -> NativeFunction.ofAddress(null));
    }

    public static long inJava(long argument) {
        return argument;
    }

    @Test
    void ofAddress_upcallStub_isRefused() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stub = Linker.nativeLinker().upcallStub(
                    MethodHandles.lookup().findStatic(NativeFunctionTest.class, "inJava",
                            MethodType.methodType(long.class, long.class)),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG), arena);
            assertRefused("upcall stub", stub);
        }
    }

    @Test
    void ofAddress_null_isRefused() {
        assertRefused("NULL", MemorySegment.NULL);
    }

    @Test
    void ofAddress_onTheHeap_isRefused() {
        assertRefused("Java heap", MemorySegment.ofArray(new byte[16]));
    }

    @Test
    void ofAddress_notMapped_isRefused() {
        long address;
        try (Mapping mapping = Mapping.anonymous(Mapping.pageSize())) {
            address = mapping.address();
        }
        assertRefused("isn't mapped", MemorySegment.ofAddress(address));
        assertRefused("isn't mapped", MemorySegment.ofAddress(-1));
    }

    @Test
    void ofAddress_notExecutable_isRefused() {
        try (Mapping mapping = Mapping.anonymous(Mapping.pageSize())) {
            assertRefused("can't be executed", mapping.segment());
        }
    }

    @Test
    void start_libraryUnloaded_isRefused() {
        NativeFunction function;
        try (Arena arena = Arena.ofConfined()) {
            function = NativeFunction.ofSymbol(
                    SymbolLookup.libraryLookup(TestFunctions.path("functions"), arena), "identity");
        }
        assertThrows(IllegalStateException.class, () -> NativeThread.start(function, 0));
    }
}
