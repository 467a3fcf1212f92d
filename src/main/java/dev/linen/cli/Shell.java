package dev.linen.cli;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;

import dev.linen.function.CSource;
import dev.linen.function.MachineCode;
import dev.linen.function.NativeFunction;
import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.Parameter;
import dev.linen.internal.calls.SystemCall;
import dev.linen.memory.HexDump;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Peek;
import dev.linen.syscall.CallFormat;
import dev.linen.syscall.Constants;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/** The helpers that {@code ./linen shell} adds to the library: short functions that print. */
public final class Shell {

    /**
     * The JVM that runs the typed code has no console to ask, so the launcher passes on whether there is a terminal.
     */
    private static final Ansi ANSI = Boolean.getBoolean("linen.terminal") ? Ansi.ON : Ansi.OFF;

    private static final int MOST_ARGUMENTS = 6;
    private static final long LEAST_ADDRESS = 1 << 20;
    private static final Pattern DEFINITION = Pattern.compile("(\\w+)\\s*\\([^;{}()]*\\)\\s*\\{");
    private static final Set<String> STATEMENTS = Set.of("if", "for", "while", "switch");

    private Shell() {}

    /** Prints the list of helpers. */
    public static void help() {
        System.out.print("""
                c("long f(long x) { ... }")  C, compiled    asm(0x31, 0xc0, 0xc3)   machine code
                run(f, 12)                   on a native thread; a crash prints its report
                sys("getpid")                a system call  maps()                  mappings
                sketch(thread)               its stack      hexdump(segment)        memory
                and all of linen: NativeThread.start(f, 12), Mapping.anonymous(4096), ...
                sys("openat", "AT_FDCWD", "/etc/hostname", "O_RDONLY|O_CLOEXEC") takes constants
                see docs/tour.jsh
                """);
    }

    /** Prints this process's mappings, each kind in its colour. */
    public static void maps() {
        long self = ProcessHandle.current().pid();
        ProcessMemory memory = new ProcessMemory(MemoryMap.read().regions(), StackPointers.of(self));
        System.out.print(new MapsReport(self, memory).text(ANSI));
    }

    /**
     * Draws a thread's stack buffer, with its addresses and values.
     *
     * @param thread the thread; it must still be open
     */
    public static void sketch(NativeThread thread) {
        System.out.print(Colours.paint(thread.stack().sketch(), ANSI));
    }

    /**
     * Prints memory in hexadecimal.
     *
     * @param segment the memory
     */
    public static void hexdump(MemorySegment segment) {
        System.out.print(HexDump.of(segment));
    }

    /**
     * Prints the memory at any address in hexadecimal, or a message if it can't be read.
     *
     * @param address the address
     * @param bytes the number of bytes
     */
    public static void hexdump(long address, int bytes) {
        if (Peek.read(address, new byte[bytes])) {
            hexdump(MemorySegment.ofAddress(address).reinterpret(bytes));
        } else {
            System.out.println("that memory can't be read");
        }
    }

    /**
     * Makes a system call and prints it with its decoded result.
     *
     * @param name the name as in the man page: {@code "mmap"}
     * @param arguments numbers; segments, passed as their addresses; strings: constants by their names, such as
     *        {@code "O_RDONLY|O_CLOEXEC"}, for a parameter that is a number, otherwise text, passed as C strings
     * @return the kernel's result: {@code -errno} if the call failed
     */
    public static long sys(String name, Object... arguments) {
        if (arguments.length > MOST_ARGUMENTS) {
            throw new IllegalArgumentException("a system call has at most 6 arguments, not " + arguments.length);
        }
        long number = number(name);
        List<Parameter> parameters = CallTable.of(name).map(SystemCall::parameters).orElse(List.of());
        try (Arena texts = Arena.ofConfined()) {
            Object[] printed = new Object[arguments.length];
            long[] words = new long[MOST_ARGUMENTS];
            for (int i = 0; i < arguments.length; i++) {
                Parameter parameter = i < parameters.size() ? parameters.get(i) : Parameter.UNKNOWN;
                Object value = value(arguments[i], parameter, texts);
                boolean isText = arguments[i] instanceof String && value instanceof MemorySegment;
                printed[i] = isText ? "\"" + arguments[i] + "\"" : value;
                words[i] = value instanceof MemorySegment segment ? segment.address() : ((Number) value).longValue();
            }
            long result = Syscall.invoke(number, words[0], words[1], words[2], words[3], words[4], words[5]);
            System.out.println(CallFormat.of(name, printed) + " = " + decoded(result));
            return result;
        }
    }

    private static long number(String name) {
        return SyscallNumber.of(name.toLowerCase(Locale.ROOT)).orElseThrow(
                () -> new IllegalArgumentException("there is no system call " + name + " on this CPU"));
    }

    /** A number, or a segment that is passed as its address. */
    private static Object value(Object argument, Parameter parameter, Arena texts) {
        return switch (argument) {
            case MemorySegment segment -> segment;
            case Number number -> number;
            case String text when isText(text, parameter) -> texts.allocateFrom(text);
            case String constants -> Constants.parse(constants);
            default -> throw new IllegalArgumentException(
                    "an argument must be a number, a MemorySegment or a String, not "
                            + argument.getClass().getSimpleName());
        };
    }

    private static boolean isText(String text, Parameter parameter) {
        return parameter.isNumberOrPointer()
                ? Constants.value(text).isEmpty()
                : parameter.isPointer() || parameter.equals(Parameter.UNKNOWN);
    }

    private static String decoded(long result) {
        return Errno.ofResult(result).map(errno -> "-" + errno.number() + " (" + errno + ": " + errno.text() + ")")
                .orElseGet(() -> Math.abs(result) < LEAST_ADDRESS ? "" + result : hex(result));
    }

    /**
     * Compiles C, and returns its last function.
     *
     * @param text C source with at least one function
     * @param flags options of the compiler: {@code "-O3"}
     * @return the function
     */
    public static NativeFunction c(String text, String... flags) {
        return CSource.compile(text, flags).function(lastFunction(text));
    }

    private static String lastFunction(String text) {
        Matcher definition = DEFINITION.matcher(text);
        String last = "a function in this text"; // for the exception, if there is none
        while (definition.find()) {
            if (!STATEMENTS.contains(definition.group(1))) {
                last = definition.group(1);
            }
        }
        return last;
    }

    /**
     * Makes a function of machine code.
     *
     * @param bytes the code, each from 0 to 255
     * @return a function that starts at the first byte
     */
    public static NativeFunction asm(int... bytes) {
        return MachineCode.of(bytes).function();
    }

    /**
     * Runs a function on its own native thread, and prints its result, or the report of its crash.
     *
     * @param function the function
     * @param argument the function's argument
     * @return the result; {@code null} if the function crashed
     * @throws InterruptedException if the calling thread is interrupted
     */
    public static @Nullable Long run(NativeFunction function, long argument) throws InterruptedException {
        try (NativeThread thread = NativeThread.start(function, argument)) {
            long result = thread.join();
            System.out.println(function + "(" + argument + ") = " + result);
            return result;
        } catch (NativeFaultException crashed) {
            System.out.println(Colours.paint(Columns.fit(crashed.fault().report(), Columns.AVAILABLE), ANSI));
            return null;
        }
    }

    /**
     * Runs a function that takes a pointer, as {@link #run(NativeFunction, long)} does.
     *
     * @param function the function
     * @param argument the memory that its pointer points to
     * @return the result; {@code null} if the function crashed
     * @throws InterruptedException if the calling thread is interrupted
     */
    public static @Nullable Long run(NativeFunction function, MemorySegment argument) throws InterruptedException {
        return run(function, argument.address());
    }
}
