package dev.linen.syscall.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import dev.linen.syscall.Constants;
import dev.linen.syscall.abi.Families.Family;
import dev.linen.syscall.abi.Families.Struct;
import dev.linen.syscall.abi.Socket.cmsghdr;
import dev.linen.testing.CProbe;

/**
 * Compares the constants, structs and macros of dev.linen.syscall.abi with this system's headers and C compiler. The
 * headers may be older than those that the classes come from: the test prints the names that they lack.
 */
class AbiConformanceTest {

    /** Structs that have got more fields at their ends, whose sizes programs pass; and sets of flags. */
    private static final Set<String> GROWING = Set.of("landlock_ruleset_attr", "perf_event_attr",
            "IORING_URING_CMD_MASK", "MPOL_MODE_FLAGS");

    /** Older headers of the kernel have the values of 32-bit programs. */
    private static final Set<String> OF_32_BITS = Set.of("F_GETLK64", "F_SETLK64", "F_SETLKW64");

    private static final Pattern FIELD = Pattern.compile("(\\w+)@\\d+:(\\S+)");

    /** Families with constants from libc's headers. A name that a header lacks costs the compiler milliseconds. */
    private static final Set<String> LIBC = Set.of("Fcntl", "Mount", "Socket");

    /** The values in Java, and the expressions in C. */
    private static final Map<String, Long> JAVA = new LinkedHashMap<>();
    private static final Map<String, String> IN_C = new LinkedHashMap<>();

    private static final Map<String, Long> C = new TreeMap<>();

    @BeforeAll
    static void askTheCompiler() throws IOException, ReflectiveOperationException {
        Constants.startingWith("").forEach((name, value) -> add(name, value, name));
        Families families = Families.read();
        for (Family family : families.families()) {
            for (Struct struct : family.structs()) {
                addStruct(family, struct);
            }
        }
        addMacros();
        ask(new CProbe().includeThoseOf(Families.FOLDER.resolve("kernel.h")));
        IN_C.keySet().removeIf(name -> families.of(name).filter(family -> !LIBC.contains(family.name())).isPresent());
        ask(new CProbe().include(Families.FOLDER.resolve("libc.h"))
                .includeThoseOf(Families.FOLDER.resolve("macros.h")));
        Set<String> lacking = new TreeSet<>(JAVA.keySet());
        lacking.removeAll(C.keySet());
        System.out.println("dev.linen.syscall.abi: compared " + C.size() + " of " + JAVA.size()
                + "; not in this system's headers: " + lacking);
    }

    private static void ask(CProbe probe) throws IOException {
        IN_C.forEach((name, expression) -> {
            if (!C.containsKey(name)) {
                probe.number(name, expression);
            }
        });
        probe.ask().byName().forEach((name, value) -> C.put(name, Long.parseLong(value)));
    }

    private static void add(String name, long java, String c) {
        JAVA.put(name, java);
        IN_C.put(name, c);
    }

    private static void add(String name, boolean java, String c) {
        add(name, java ? 1 : 0, "!!" + c);
    }

    /** A struct's size, and for each field the bits that it takes: the first one times 10,000, and how many. */
    private static void addStruct(Family family, Struct struct) throws IOException, ReflectiveOperationException {
        Class<?> view = Class.forName(Families.class.getPackageName() + "." + family.name() + "$" + struct.name());
        String type = "struct " + struct.inC();
        add(struct.inC(), view.getField("SIZE").getInt(null), "sizeof(" + type + ")");
        String line = Files.readAllLines(Families.FOLDER.resolve("structs.txt")).stream()
                .filter(each -> each.matches(struct.name() + "(/\\w+)? .*")).findFirst().orElseThrow();
        var field = FIELD.matcher(line);
        while (field.find()) {
            String name = field.group(1);
            String path = struct.notes().containsKey(name) ? struct.notes().get(name).path() : name;
            String kind = field.group(2);
            String set = kind.startsWith("bits")
                    ? "u.s." + path + " = -1"
                    : kind.endsWith("[]")
                            ? "u.b[__builtin_offsetof(" + type + ", " + path + ")] = -1"
                            : "__builtin_memset(&u.s." + path + ", -1, sizeof u.s." + path + ")";
            add(struct.inC() + "." + name, kind.endsWith("[]") ? endless(view, name) : bits(view, name),
                    "({ union { " + type + " s; unsigned char b[sizeof(" + type
                            + ") + 1]; } u; __builtin_memset(&u, 0, sizeof u); " + set
                            + "; long first = -1, n = 0; for (long i = 0; i < 8 * sizeof u; i++)"
                            + " if (u.b[i / 8] >> i % 8 & 1) { if (first < 0) first = i; n++; } first * 10000 + n; })");
        }
    }

    /** An array without an end: only where it begins, as if it had one byte. */
    private static long endless(Class<?> view, String name) throws ReflectiveOperationException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(view.getField("SIZE").getInt(null) + 1L);
            Object struct = view.getConstructor(MemorySegment.class).newInstance(memory);
            MemorySegment array = (MemorySegment) view.getMethod(name).invoke(struct);
            return (array.address() - memory.address()) * 8 * 10_000 + 8;
        }
    }

    /** Which bits of a struct a field's setter writes; without a setter, which bits its getter reads. */
    private static long bits(Class<?> view, String name) throws ReflectiveOperationException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(view.getField("SIZE").getInt(null));
            Object struct = view.getConstructor(MemorySegment.class).newInstance(memory);
            Method getter = view.getMethod(name);
            Class<?> type = getter.getReturnType();
            Object got = getter.invoke(struct);
            if (type.isRecord()) {
                ((MemorySegment) type.getMethod("segment").invoke(got)).fill((byte) -1);
            } else if (got instanceof MemorySegment slice && slice.byteSize() > 0) {
                slice.fill((byte) -1);
            } else {
                Object ones = type == boolean.class
                        ? (Object) true
                        : type == int.class
                                ? (Object) (-1)
                                : type == long.class
                                        ? (Object) (-1L)
                                        : MemorySegment.ofAddress(-1);
                Method setter;
                try {
                    setter = view.getMethod(name, type);
                } catch (NoSuchMethodException readOnly) {
                    return readBits(memory, struct, getter);
                }
                setter.invoke(struct, ones);
                assertEquals(number(ones), kept(number(ones), number(getter.invoke(struct))), view + "." + name);
            }
            long first = -1;
            long count = 0;
            for (long bit = 0; bit < memory.byteSize() * 8; bit++) {
                if ((memory.get(ValueLayout.JAVA_BYTE, bit / 8) >> bit % 8 & 1) != 0) {
                    first = first < 0 ? bit : first;
                    count++;
                }
            }
            return first * 10_000 + count;
        }
    }

    private static long number(Object value) {
        return value instanceof MemorySegment pointer
                ? pointer.address()
                : value instanceof Boolean flag ? flag ? 1 : 0 : ((Number) value).longValue();
    }

    /** A field of fewer bits than an int gives back all ones that it has, without a sign. */
    private static long kept(long written, long read) {
        return read > 0 && (read & read + 1) == 0 ? written : read;
    }

    private static long readBits(MemorySegment memory, Object struct, Method getter)
            throws ReflectiveOperationException {
        long first = -1;
        long count = 0;
        for (long bit = 0; bit < memory.byteSize() * 8; bit++) {
            memory.fill((byte) 0).set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (1 << bit % 8));
            if (number(getter.invoke(struct)) != 0) {
                first = first < 0 ? bit : first;
                count++;
            }
        }
        return first * 10_000 + count;
    }

    private static void addMacros() {
        add("_IO", Macros._IO('f', 7), "_IO('f', 7)");
        add("_IOR", Macros._IOR('f', 7, 300), "_IOR('f', 7, char[300])");
        add("_IOW", Macros._IOW('f', 255, 8), "_IOW('f', 255, long)");
        add("_IOWR", Macros._IOWR('f', 0, 4), "_IOWR('f', 0, int)");
        int number = Macros._IOWR('x', 9, 1234);
        add("_IOC_DIR", Macros._IOC_DIR(number), "_IOC_DIR(_IOWR('x', 9, char[1234]))");
        add("_IOC_TYPE", Macros._IOC_TYPE(number), "_IOC_TYPE(_IOWR('x', 9, char[1234]))");
        add("_IOC_NR", Macros._IOC_NR(number), "_IOC_NR(_IOWR('x', 9, char[1234]))");
        add("_IOC_SIZE", Macros._IOC_SIZE(number), "_IOC_SIZE(_IOWR('x', 9, char[1234]))");
        add("offsetof", Macros.offsetof(IoUring.io_uring_params.layout(), "cq_off.cqes"),
                "__builtin_offsetof(struct io_uring_params, cq_off.cqes)");
        add("offsetof in a union", Macros.offsetof(IoUring.io_uring_sqe.layout(), "statx_flags"),
                "__builtin_offsetof(struct io_uring_sqe, statx_flags)");
        add("BPF_STMT", Macros.BPF_STMT(Bpf.BPF_RET | Bpf.BPF_K, 0x8000_0001),
                "({ union { struct sock_filter f; long l; } u = {BPF_STMT(BPF_RET | BPF_K, 0x80000001)}; u.l; })");
        add("BPF_JUMP", Macros.BPF_JUMP(Bpf.BPF_JMP | Bpf.BPF_JEQ | Bpf.BPF_K, 41, 200, 255),
                "({ union { struct sock_filter f; long l; } u = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 41, 200, 255)};"
                        + " u.l; })");
        for (int bytes : new int[]{0, 1, 4, 8, 13}) {
            add("CMSG_ALIGN " + bytes, Macros.CMSG_ALIGN(bytes), "CMSG_ALIGN(" + bytes + ")");
            add("CMSG_LEN " + bytes, Macros.CMSG_LEN(bytes), "CMSG_LEN(" + bytes + ")");
            add("CMSG_SPACE " + bytes, Macros.CMSG_SPACE(bytes), "CMSG_SPACE(" + bytes + ")");
        }
        add("CMSG_DATA", Macros.CMSG_LEN(0), "(long) CMSG_DATA((struct cmsghdr *) 0)");
        for (int length : new int[]{15, 16, 20, 40, 41, 48, 49}) {
            add("CMSG_NXTHDR " + length, nextHeader(length), "({ long b[8] = {" + length
                    + "}; struct msghdr m = {.msg_control = b, .msg_controllen = 64};"
                    + " char *n = (char *) CMSG_NXTHDR(&m, (struct cmsghdr *) b); n ? n - (char *) b : -1; })");
        }
        add("htons", Macros.htons(0x12f4), "htons(0x12f4)");
        add("ntohs", Macros.ntohs(0xf412), "ntohs(0xf412)");
        add("htonl", Macros.htonl(0x123456f8), "htonl(0x123456f8)");
        add("ntohl", Macros.ntohl(0x123456f8), "ntohl(0x123456f8)");
        for (int status : new int[]{0, 0x2a00, 9, 0x8b, 0x137f, 0xffff}) {
            add("WIFEXITED " + status, Macros.WIFEXITED(status), "WIFEXITED(" + status + ")");
            add("WEXITSTATUS " + status, Macros.WEXITSTATUS(status), "WEXITSTATUS(" + status + ")");
            add("WIFSIGNALED " + status, Macros.WIFSIGNALED(status), "WIFSIGNALED(" + status + ")");
            add("WTERMSIG " + status, Macros.WTERMSIG(status), "WTERMSIG(" + status + ")");
            add("WCOREDUMP " + status, Macros.WCOREDUMP(status), "WCOREDUMP(" + status + ")");
            add("WIFSTOPPED " + status, Macros.WIFSTOPPED(status), "WIFSTOPPED(" + status + ")");
            add("WSTOPSIG " + status, Macros.WSTOPSIG(status), "WSTOPSIG(" + status + ")");
            add("WIFCONTINUED " + status, Macros.WIFCONTINUED(status), "WIFCONTINUED(" + status + ")");
        }
        for (int format = 1; format < 16; format++) {
            int mode = format << 12 | 0644;
            add("S_ISREG " + format, Macros.S_ISREG(mode), "S_ISREG(" + mode + ")");
            add("S_ISDIR " + format, Macros.S_ISDIR(mode), "S_ISDIR(" + mode + ")");
            add("S_ISLNK " + format, Macros.S_ISLNK(mode), "S_ISLNK(" + mode + ")");
            add("S_ISCHR " + format, Macros.S_ISCHR(mode), "S_ISCHR(" + mode + ")");
            add("S_ISBLK " + format, Macros.S_ISBLK(mode), "S_ISBLK(" + mode + ")");
            add("S_ISFIFO " + format, Macros.S_ISFIFO(mode), "S_ISFIFO(" + mode + ")");
            add("S_ISSOCK " + format, Macros.S_ISSOCK(mode), "S_ISSOCK(" + mode + ")");
        }
        add("makedev", Macros.makedev(0x89ab_cdef, 0x9876_5432), "makedev(0x89abcdef, 0x98765432)");
        add("major", Macros.major(0x9876_5432_89ab_cdefL), "(int) major(0x9876543289abcdefUL)");
        add("minor", Macros.minor(0x9876_5432_89ab_cdefL), "(int) minor(0x9876543289abcdefUL)");
        add("IOPRIO_PRIO_VALUE", Macros.IOPRIO_PRIO_VALUE(Sched.IOPRIO_CLASS_BE, 7),
                "IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)");
        add("IOPRIO_PRIO_CLASS", Macros.IOPRIO_PRIO_CLASS(0x6005), "IOPRIO_PRIO_CLASS(0x6005)");
        add("CAP_TO_INDEX", Macros.CAP_TO_INDEX(Sched.CAP_BPF), "CAP_TO_INDEX(CAP_BPF)");
        add("CAP_TO_MASK", Macros.CAP_TO_MASK(Sched.CAP_BPF), "CAP_TO_MASK(CAP_BPF)");
        add("FUTEX_OP", Macros.FUTEX_OP(Futex.FUTEX_OP_XOR, 0xfff, Futex.FUTEX_OP_CMP_GE, 0x8ab),
                "(int) FUTEX_OP(FUTEX_OP_XOR, 0xfff, FUTEX_OP_CMP_GE, 0x8ab)");
    }

    private static long nextHeader(int length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment control = arena.allocate(64, 8);
            cmsghdr first = new cmsghdr(control).cmsg_len(length);
            return Macros.CMSG_NXTHDR(control, first)
                    .map(next -> next.segment().address() - control.address()).orElse(-1L);
        }
    }

    @Test
    void values_inJava_areThoseInC() {
        Map<String, String> different = new TreeMap<>();
        C.forEach((name, c) -> {
            long java = JAVA.get(name);
            boolean isOlder = GROWING.contains(name) && c < java || OF_32_BITS.contains(name) && c > java;
            if (!isOlder && java != c && !(java == (int) java && Integer.toUnsignedLong((int) java) == c)) {
                different.put(name, "Java " + java + ", C " + c);
            }
        });
        assertEquals(Map.of(), different);
    }

    /** Makes sure that the comparison isn't empty. Debian 12's headers are 6.1. */
    @Test
    void names_compared_areNearlyAll() {
        assertTrue(C.size() > 4000, C.size() + " of " + JAVA.size());
        Set<String> macros = new TreeSet<>();
        for (Method macro : Macros.class.getMethods()) {
            if (macro.getDeclaringClass() == Macros.class
                    && C.keySet().stream().noneMatch(name -> name.matches(macro.getName() + "( .*)?"))) {
                macros.add(macro.getName());
            }
        }
        if (!Files.exists(Path.of("/usr/include/linux/ioprio.h"))) { // headers before Linux 5.15
            macros.removeIf(name -> name.startsWith("IOPRIO_PRIO_"));
        }
        assertEquals(Set.of("_IOC", "CMSG_FIRSTHDR"), macros); // _IO, CMSG_NXTHDR call or resemble them
    }
}
