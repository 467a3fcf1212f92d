package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;
import java.util.function.Supplier;

import dev.linen.internal.linux.LinenH;

/**
 * Loads {@code liblinen.so} once, and links its functions.
 *
 * <p>If the library can't be loaded, the handle of each function throws the reason. Therefore classes that hold handles
 * can always be initialised, and every call reports the reason, not only the first one.
 */
final class NativeLibrary {

    private sealed interface Loaded {

        MethodHandle link(String function, FunctionDescriptor shape, Linker.Option... options);

        MemorySegment address(String name);
    }

    private record Library(SymbolLookup symbols) implements Loaded {

        @Override
        public MethodHandle link(String function, FunctionDescriptor shape, Linker.Option... options) {
            return DynamicLinker.downcall(address(function), shape, options);
        }

        @Override
        public MemorySegment address(String name) {
            return symbols.find(name).orElseThrow();
        }
    }

    /** Creates a new exception for each call, so that the stack trace is that of the call. */
    private record Refused(Supplier<Throwable> reason) implements Loaded {

        @Override
        public MethodHandle link(String function, FunctionDescriptor shape, Linker.Option... options) {
            return refuse(reason, shape);
        }

        @Override
        public MemorySegment address(String name) {
            throw new IllegalStateException(reason.get());
        }
    }

    private static final Loaded LOADED = load();

    private NativeLibrary() {}

    /** Returns the reason why the library can't be loaded; empty if it is loaded. */
    static Optional<String> unavailableReason() {
        return LOADED instanceof Refused refused
                ? Optional.of(String.valueOf(refused.reason().get().getMessage()))
                : Optional.empty();
    }

    /** Returns the handle of a function, see {@link DynamicLinker#downcall}. */
    static MethodHandle link(String function) {
        return LOADED.link(function, DynamicLinker.SHAPE);
    }

    /** Returns a handle whose first argument is a segment, which can't be freed during a call. */
    static MethodHandle linkHolding(String function) {
        return LOADED.link(function, DynamicLinker.HOLDING_SHAPE);
    }

    /** Returns a handle with five more arguments: segments that can't be freed during a call. */
    static MethodHandle linkHoldingAll(String function) {
        return LOADED.link(function, DynamicLinker.SEGMENTS_SHAPE);
    }

    /** Returns the handle of a function that never blocks: the JVM waits for it at each safepoint. */
    static MethodHandle linkCritical(String function) {
        return LOADED.link(function, DynamicLinker.WORD_SHAPE, Linker.Option.critical(/* heap access */ false));
    }

    /** Returns the address of a function. Another function must have been called before. */
    static MemorySegment function(String name) {
        return LOADED.address(name);
    }

    /** Returns the address of a function that only some CPUs need; NULL on the others. */
    static MemorySegment optional(String name) {
        return LOADED instanceof Library library
                ? library.symbols().find(name).orElse(MemorySegment.NULL)
                : LOADED.address(name);
    }

    private static Loaded load() {
        Optional<String> unsupported = Platform.unsupportedReason();
        if (unsupported.isPresent()) {
            String reason = unsupported.get();
            return new Refused(() -> new UnsupportedOperationException(reason));
        }
        try {
            SymbolLookup symbols = LibraryLoader.load();
            requireAbi(symbols);
            return new Library(symbols);
        } catch (IllegalCallerException denied) {
            String reason = accessDenied(NativeLibrary.class.getModule());
            return new Refused(() -> new IllegalCallerException(reason, denied));
        } catch (UnsatisfiedLinkError failed) {
            String reason = String.valueOf(failed.getMessage());
            return new Refused(() -> new UnsatisfiedLinkError(reason));
        }
    }

    /** Java and the library must have been built from the same linen.h. */
    private static void requireAbi(SymbolLookup symbols) {
        MemorySegment word = symbols.find("linen_abi").orElse(MemorySegment.NULL);
        int found = word.address() == 0 ? 0 : word.reinterpret(JAVA_INT.byteSize()).get(JAVA_INT, 0);
        if (found != LinenH.LINEN_ABI) {
            throw new UnsatisfiedLinkError("the liblinen.so that was loaded belongs to another version of linen (its "
                    + "ABI version is " + found + ", but must be " + LinenH.LINEN_ABI
                    + "): remove it from the directory "
                    + "that " + LibraryLoader.PATH_PROPERTY + " names");
        }
    }

    private static String accessDenied(Module module) {
        String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
        return "linen calls native code, but this JVM doesn't permit it: start the JVM with --enable-native-access="
                + name + (module.isNamed()
                        ? ""
                        : " (because linen is on the class path; with linen on the module path, use "
                                + "--enable-native-access=dev.linen)");
    }

    private static MethodHandle refuse(Supplier<Throwable> reason, FunctionDescriptor shape) {
        try {
            MethodHandle throwing = MethodHandles.lookup().findStatic(NativeLibrary.class, "throwReason",
                    MethodType.methodType(long.class, Supplier.class));
            return MethodHandles.dropArguments(throwing.bindTo(reason), 0,
                    shape.toMethodType().parameterList());
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError(impossible.getMessage(), impossible);
        }
    }

    @SuppressWarnings("unused") // called by the handles that refuse() makes
    private static long throwReason(Supplier<Throwable> reason) throws Throwable {
        throw reason.get();
    }
}
