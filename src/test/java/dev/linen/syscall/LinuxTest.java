package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.Parameter;
import dev.linen.internal.calls.SystemCall;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Skip;

/** Every method of Linux: what reaches the kernel, and which segments don't. No call is executed. */
class LinuxTest {

    private static final long SLICE = 1 << 16;
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

    private static List<Method> methods() {
        return methods(Linux.class);
    }

    private static List<Method> methods(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .sorted(Comparator.comparing(Method::toGenericString)).toList();
    }

    /** A parameter of the call for each of the kernel's registers, and the argument of the method for it, if any. */
    private record Argument(Parameter parameter, int index) {}

    private static List<Argument> arguments(Method method) {
        SystemCall call = CallTable.of(method.getName()).orElseThrow();
        boolean shortForm = method.getParameterCount() < call.parameters().size();
        List<Argument> arguments = new ArrayList<>();
        int index = 0;
        for (Parameter parameter : call.parameters()) {
            boolean left = shortForm && sized(call, parameter).size() == 1
                    && sized(call, parameter).get(0).length().matches(parameter.name() + "(\\*\\w+)?");
            arguments.add(new Argument(parameter, left ? -1 : index++));
        }
        assertEquals(method.getParameterCount(), index, method.toString());
        return arguments;
    }

    /** The pointers whose length has the name of a parameter in it. */
    private static List<Parameter> sized(SystemCall call, Parameter length) {
        return call.parameters().stream()
                .filter(each -> List.of(each.length().split("\\W")).contains(length.name())).toList();
    }

    private static long unit(Parameter pointer) {
        String unit = pointer.length().contains("*") ? pointer.length().replaceFirst(".*\\*", "") : "1";
        return unit.matches("\\d+") ? Long.parseLong(unit) : size(unit);
    }

    private static long size(String type) {
        return (ARM ? CallTable.sizeOnArm(type) : CallTable.sizeOnX86(type)).orElseThrow();
    }

    /** Negative where that is no length, so that it shows whether 32 bits become 64 with the sign or without. */
    private static Object number(SystemCall call, Parameter parameter, Class<?> type, int index) {
        boolean length = !sized(call, parameter).isEmpty();
        if (type == int.class) {
            return length ? 0x11 + index : 0x8000_0011 + index;
        }
        return length ? 0x21L + index : 0x8000_0000_0000_0021L + index;
    }

    @Test
    void numbersOfCalls_onBothCpus_addUpAndAreInTheReadme() throws IOException {
        List<SystemCall> onArm = CallTable.all().stream().filter(call -> call.numberOnArm().isPresent()).toList();
        assertEquals(List.of(386L, 361L, 8L, 17L), counts(CallTable.all()));
        assertEquals(List.of(328L, 322L, 4L, 2L), counts(onArm));
        assertEquals(361, methods().stream().map(Method::getName).distinct().count());
        String readme = Files.readString(Path.of("README.md")).replaceAll("\\s+", " ");
        String sums = "Of Linux 7.3's %d calls on x86-64, %d are there by name, %d are refused because a JVM must not issue "
                + "them, and %d have no entry point; of the %d on aarch64 it is %d, %d and %d.";
        String expected = sums.formatted(Stream.of(CallTable.all(), onArm).flatMap(calls -> counts(calls).stream())
                .toArray());
        assertTrue(readme.contains(expected), expected);
    }

    /** How many there are; by name; refused; without an entry point. The first is the sum of the others. */
    private static List<Long> counts(List<SystemCall> calls) {
        long named = calls.stream().filter(SystemCall::hasMethod).count();
        long refused = calls.stream().filter(call -> !call.refused().isEmpty()).count();
        long withoutEntryPoint = calls.stream().filter(call -> !call.hasEntryPoint()).count();
        assertEquals(calls.size(), named + refused + withoutEntryPoint);
        return List.of((long) calls.size(), named, refused, withoutEntryPoint);
    }

    @Test
    void everyMethod_called_reachesTheKernelWithItsNumberAndArguments() {
        ChildJvm.Result result = ChildJvm.of(LinuxTest::callEach).run();
        Skip.unless(!result.out().startsWith("skipped: "), result.out().strip());
        assertEquals("", result.err());
        assertAllCalled(result);
    }

    private static void assertAllCalled(ChildJvm.Result result) {
        List<String> lines = result.out().lines().toList();
        assertEquals("361 calls by " + methods().size() + " methods", lines.getFirst());
        lines.stream().skip(1).forEach(System.out::println);
    }

    private static void printCalled(Set<String> right, Set<String> refused, int methods) {
        right.addAll(refused);
        System.out.println(right.size() + " calls by " + methods + " methods");
        if (!refused.isEmpty()) {
            System.out.println("refused by a filter of this process: " + refused);
        }
    }

    private static void callEach() throws ReflectiveOperationException {
        MemorySegment memory = Arena.ofShared().allocate(SLICE * 6, 4096);
        Map<Method, Object[]> given = new LinkedHashMap<>();
        for (Method method : methods()) {
            given.put(method, distinct(method, memory));
        }
        Supervisor supervisor = Supervisor.ofThisThread();
        Set<String> right = new TreeSet<>();
        Set<String> refused = new TreeSet<>();
        for (Map.Entry<Method, Object[]> each : given.entrySet()) {
            int before = supervisor.arrived();
            Object returned = each.getKey().invoke(null, each.getValue());
            long[] expected = expected(each.getKey(), each.getValue());
            Supervisor.Arrival arrival = supervisor.last();
            if (supervisor.arrived() == before + 1 && returned.equals(supervisor.answer(before))
                    && arrival.number() == SyscallNumber.of(each.getKey().getName()).orElse(-1)
                    && Arrays.equals(arrival.registers(), expected)) {
                right.add(each.getKey().getName());
            } else if (supervisor.isRefusedElsewhere(before, (long) returned)) {
                refused.add(each.getKey().getName());
            } else {
                System.err.println(each.getKey() + " returned " + returned + ", number " + arrival.number() + " with "
                        + Arrays.toString(arrival.registers()) + ", not " + Arrays.toString(expected));
            }
        }
        printCalled(right, refused, given.size());
    }

    private static Object[] distinct(Method method, MemorySegment memory) {
        SystemCall call = CallTable.of(method.getName()).orElseThrow();
        Object[] given = new Object[method.getParameterCount()];
        for (Argument each : arguments(method)) {
            if (each.index() >= 0) {
                Class<?> type = method.getParameterTypes()[each.index()];
                given[each.index()] = type == MemorySegment.class
                        ? memory.asSlice(each.index() * SLICE, SLICE - 64 * each.index())
                        : number(call, each.parameter(), type, each.index());
            }
        }
        return given;
    }

    private static long[] expected(Method method, Object[] given) {
        SystemCall call = CallTable.of(method.getName()).orElseThrow();
        List<Argument> arguments = arguments(method);
        long[] registers = new long[6];
        for (int i = 0; i < arguments.size(); i++) {
            Argument each = arguments.get(i);
            if (each.index() < 0) {
                Parameter pointer = sized(call, each.parameter()).get(0);
                Argument measured = arguments.stream().filter(other -> other.parameter().equals(pointer)).findFirst()
                        .orElseThrow();
                registers[i] = ((MemorySegment) given[measured.index()]).byteSize() / unit(pointer);
            } else if (given[each.index()] instanceof MemorySegment segment) {
                registers[i] = segment.address();
            } else {
                long value = ((Number) given[each.index()]).longValue();
                registers[i] = each.parameter().isUnsignedInt() ? value & 0xffff_ffffL : value;
            }
        }
        return registers;
    }

    @Test
    void everyMethodOfLinuxOrThrow_calledInVain_throwsTheCallsNameAndArguments() {
        ChildJvm.Result result = ChildJvm.of(LinuxTest::failEach).run();
        Skip.unless(!result.out().startsWith("skipped: "), result.out().strip());
        assertEquals("", result.err());
        assertAllCalled(result);
    }

    private static void failEach() throws IllegalAccessException {
        MemorySegment memory = Arena.ofShared().allocate(SLICE * 6, 4096);
        Map<Method, Object[]> given = new LinkedHashMap<>();
        for (Method method : methods(LinuxOrThrow.class)) {
            given.put(method, distinct(method, memory));
        }
        Supervisor supervisor = Supervisor.ofThisThread();
        Set<String> right = new TreeSet<>();
        Set<String> refused = new TreeSet<>();
        for (Map.Entry<Method, Object[]> each : given.entrySet()) {
            int before = supervisor.arrived();
            Object thrown = thrownBy(each.getKey(), each.getValue());
            SystemCall call = CallTable.of(each.getKey().getName()).orElseThrow();
            if (thrown instanceof SyscallException failed && supervisor.arrived() == before + 1
                    && failed.errno().result() == supervisor.answer(before) && failed.call().equals(call.name())
                    && failed.arguments().size() == call.parameters().size()
                    && Arrays.equals(supervisor.last().registers(), expected(each.getKey(), each.getValue()))) {
                right.add(call.name());
            } else if (thrown instanceof SyscallException other
                    && supervisor.isRefusedElsewhere(before, other.errno().result())) {
                refused.add(call.name());
            } else {
                System.err.println(each.getKey() + ": " + thrown);
            }
        }
        printCalled(right, refused, given.size());
    }

    /** A segment that a method must refuse. */
    private enum Bad {
        HEAP(IllegalArgumentException.class), CLOSED(IllegalStateException.class), CONFINED(
                WrongThreadException.class), READ_ONLY(IllegalArgumentException.class), SHORT(
                        IllegalArgumentException.class), NOT_NULL(IllegalArgumentException.class), WITHOUT_NUL(
                                IllegalArgumentException.class);

        private final Class<?> expected;

        Bad(Class<?> expected) {
            this.expected = expected;
        }

        /** Whether it is wrong for this parameter. */
        boolean concerns(Method method, Parameter parameter) {
            boolean shortForm = method.getParameterCount() < CallTable.of(method.getName()).orElseThrow().parameters()
                    .size();
            boolean sized = !parameter.isText() && !parameter.length().startsWith("*")
                    && !parameter.isNumberOrPointer() && (parameter.length().isEmpty()
                            ? CallTable.sizeOnX86(parameter.type()).isPresent()
                            : !parameter.length().equals("0") && !shortForm);
            return switch (this) {
                case HEAP, CLOSED, CONFINED -> true;
                case READ_ONLY -> parameter.isWritten();
                case SHORT -> sized;
                case NOT_NULL -> !parameter.nullable() && (sized || parameter.isText());
                case WITHOUT_NUL -> parameter.isText();
            };
        }

        MemorySegment segment(MemorySegment good) {
            return switch (this) {
                case HEAP -> MemorySegment.ofArray(new long[(int) SLICE / Long.BYTES]);
                case CLOSED -> closed();
                case CONFINED -> confined();
                case READ_ONLY -> good.asReadOnly();
                case SHORT -> good.asSlice(0, 1);
                case NOT_NULL -> MemorySegment.NULL;
                case WITHOUT_NUL -> good.asSlice(0, SLICE / 2).fill((byte) 'x');
            };
        }

        private static MemorySegment closed() {
            try (Arena arena = Arena.ofShared()) {
                return arena.allocate(SLICE);
            }
        }

        private static MemorySegment confined() {
            MemorySegment[] other = new MemorySegment[1];
            Thread thread = new Thread(() -> other[0] = Arena.ofConfined().allocate(SLICE));
            thread.start();
            try {
                thread.join();
            } catch (InterruptedException never) {
                throw new AssertionError(never);
            }
            return other[0];
        }
    }

    @Test
    void everyMethod_withABadSegment_throwsBeforeTheKernelIsEntered() {
        ChildJvm.Result result = ChildJvm.of(LinuxTest::callEachBadly).run();
        Skip.unless(!result.out().startsWith("skipped: "), result.out().strip());
        assertEquals("", result.err());
        Map<String, Integer> counts = new TreeMap<>();
        result.out().lines().map(line -> line.split(" "))
                .forEach(kind -> counts.put(kind[0], Integer.parseInt(kind[1])));
        assertEquals(0, counts.remove("entered"));
        assertEquals(Bad.values().length, counts.size());
        assertTrue(counts.values().stream().allMatch(count -> count > 60), counts::toString);
    }

    private static void callEachBadly() throws IllegalAccessException {
        MemorySegment memory = Arena.ofShared().allocate(SLICE * 6, 4096);
        Map<Bad, MemorySegment> elsewhere = new TreeMap<>();
        for (Bad bad : List.of(Bad.CLOSED, Bad.CONFINED, Bad.HEAP)) {
            elsewhere.put(bad, bad.segment(memory));
        }
        Map<Method, List<Argument>> all = new LinkedHashMap<>();
        methods().forEach(method -> all.put(method, arguments(method)));
        Supervisor supervisor = Supervisor.ofThisThread();
        for (Bad bad : Bad.values()) {
            int refused = 0;
            for (Map.Entry<Method, List<Argument>> each : all.entrySet()) {
                for (Argument argument : each.getValue()) {
                    Method method = each.getKey();
                    if (argument.index() >= 0 && method.getParameterTypes()[argument.index()] == MemorySegment.class
                            && bad.concerns(method, argument.parameter())) {
                        memory.fill((byte) 0);
                        Object[] given = distinct(method, memory);
                        MemorySegment good = (MemorySegment) given[argument.index()];
                        given[argument.index()] = elsewhere.containsKey(bad) ? elsewhere.get(bad) : bad.segment(good);
                        Object got = thrownBy(method, given);
                        if (got.getClass() != bad.expected) {
                            System.err.println(bad + " " + argument.parameter().name() + " of " + method + ": " + got);
                        }
                        refused++;
                    }
                }
            }
            System.out.println(bad + " " + refused);
        }
        System.out.println("entered " + supervisor.arrived());
    }

    /** What a method throws, or returns. */
    private static Object thrownBy(Method method, Object[] given) throws IllegalAccessException {
        try {
            return method.invoke(null, given);
        } catch (InvocationTargetException thrown) {
            return thrown.getCause();
        }
    }

    /** Text from C, as it is usually made readable: its length isn't known. */
    static final class TextOfUnknownLength {
        public static void main(String... arguments) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment text = arena.allocateFrom("/").reinterpret(Long.MAX_VALUE);
                System.out.println(Linux.faccessat(-1, text, /* F_OK */ 0));
            }
        }
    }

    /** To look at its last byte would crash the JVM. */
    @Test
    void text_ofUnknownLength_isReadFromItsBegin() {
        ChildJvm.Result result = ChildJvm.of(TextOfUnknownLength.class).run();
        assertEquals("0 0\n", result.exitStatus() + " " + result.out(), result::toString);
    }
}
