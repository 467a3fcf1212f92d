// What ./linen shell starts with: the imports, so that the README's example can be typed, and helpers that print.
import dev.linen.*
import dev.linen.futex.*
import dev.linen.memory.*
import dev.linen.process.*
import dev.linen.syscall.*
import dev.linen.thread.*
import java.lang.foreign.*
import java.nio.file.*
import java.time.Duration

/** Prints text in a colour, where there is a terminal. */
void linenPrint(String colour, String text) {
    System.out.println(System.console() != null && System.console().isTerminal() ? "\033[" + colour + "m" + text + "\033[0m" : text);
}

/** maps(): what is mapped into this process; code green, stacks and heap yellow, files blue, what can't be touched red. */
void maps() {
    for (MemoryMap.Region r : MemoryMap.read().regions()) {
        String colour = r.protection().has(Protection.EXEC) ? "32"
                : r.protection().equals(Protection.NONE) ? "31"
                : r.name().startsWith("[") ? "33"
                : r.isAnonymous() ? "0" : "34";
        linenPrint(colour, String.format("%12x-%12x %10d KiB  %-22s %s", r.start(), r.end(), r.byteSize() >> 10, r.protection(), r.name()));
    }
}

/** sketch(thread): its stack buffer, drawn with its addresses and values. */
void sketch(NativeThread thread) { System.out.print(thread.stack().sketch()); }

/** hexdump(segment): memory in hexadecimal. */
void hexdump(MemorySegment segment) { System.out.print(HexDump.of(segment)); }

/** hexdump(address, bytes): the same of any address; says so when nothing is there. */
void hexdump(long address, int bytes) {
    boolean there = Peek.read(address, new byte[bytes]);
    System.out.print(there ? HexDump.of(MemorySegment.ofAddress(address).reinterpret(bytes)) : "nothing can be read there\n");
}

/** sys("mmap", 0, 4096, ...): a system call by its name, its result decoded. Numbers, segments and texts are arguments. */
long sys(String name, Object... arguments) throws ReflectiveOperationException {
    long[] a = new long[6];
    int number;
    try {
        number = SyscallNumber.class.getField(name.toUpperCase()).getInt(null);
    } catch (NoSuchFieldException unknown) {
        throw new IllegalArgumentException("there is no system call " + name + " here");
    }
    for (int i = 0; i < arguments.length; i++) {
        a[i] = arguments[i] instanceof MemorySegment segment ? segment.address()
                : arguments[i] instanceof String text ? Arena.ofAuto().allocateFrom(text).address()
                : ((Number) arguments[i]).longValue();
    }
    long result = Syscall.invoke(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    String shown = Errno.ofResult(result).map(e -> "-" + e.number() + " (" + e + ": " + e.text() + ")").orElse(Math.abs(result) < 1 << 20 ? "" + result : "0x" + Long.toHexString(result));
    System.out.println(name + "(" + String.join(", ", java.util.Arrays.stream(arguments).map(x -> x instanceof String s ? '"' + s + '"' : x instanceof MemorySegment m ? "0x" + Long.toHexString(m.address()) : "" + x).toList()) + ") = " + shown);
    return result;
}

/** c("long f(long x) { ... }"): C, compiled; its last function, ready to run. */
NativeFunction c(String text, String... flags) {
    java.util.regex.Matcher names = java.util.regex.Pattern.compile("(\\w+)\\s*\\([^;{}()]*\\)\\s*\\{").matcher(text);
    String last = null;
    while (names.find()) { if (!java.util.Set.of("if", "for", "while", "switch").contains(names.group(1))) { last = names.group(1); } }
    return CSource.compile(text, flags).function(last == null ? "a function in this text" : last);
}

/** asm(0x48, 0x89, 0xf8, 0xc3): machine code, ready to run. */
NativeFunction asm(int... bytes) { return MachineCode.of(bytes).function(); }

/** run(function, argument): on a native thread of its own; prints and returns the result, or prints what ended it and returns -1. */
long run(NativeFunction function, long argument) throws InterruptedException {
    try (NativeThread thread = NativeThread.start(function, argument)) {
        long result = thread.join();
        System.out.println(function + "(" + argument + ") = " + result);
        return result;
    } catch (NativeFaultException fault) {
        linenPrint("31", fault.fault().report());
        return -1;
    }
}

/** run(function, segment): the same with a pointer. */
long run(NativeFunction function, MemorySegment argument) throws InterruptedException { return run(function, argument.address()); }

/** help(): what there is. */
void help() {
    System.out.println("""
            c("long f(long x) { ... }")   C, compiled        asm(0x48, 0x89, 0xf8, 0xc3)   machine code
            run(f, 12)                    on a native thread; a crash prints its report
            sys("getpid")                 a system call      maps()                         what is mapped
            sketch(thread)                its stack, drawn   hexdump(segment)               memory
            and all of linen: NativeThread.start(f, 12), Mapping.anonymous(4096), ...  docs/tour.jsh shows it""");
}

