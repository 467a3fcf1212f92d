package dev.linen.internal.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.CProbe;
import dev.linen.testing.Skip;

/** calls.txt against the headers, the running kernel's tracepoints, and itself. */
class CallTableTest {

    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

    /** Sizes that the user's headers don't have: structs of libc or of the kernel only. */
    private static final Set<String> NOT_IN_HEADERS = Set.of("__aio_sigset", "mmsghdr", "pointers", "sched_param",
            "sigset_argpack", "user_msghdr", "ustat");

    /** Structs that have grown: the size that the kernel still accepts. */
    private static final Map<String, String> FIRST_SIZES = Map.of("mnt_id_req", "MNT_ID_REQ_SIZE_VER0", "ns_id_req",
            "NS_ID_REQ_SIZE_VER0", "perf_event_attr", "PERF_ATTR_SIZE_VER0", "sched_attr", "SCHED_ATTR_SIZE_VER0");

    private static final Map<String, String> NAMES_IN_C = Map.ofEntries(Map.entry("uint", "unsigned int"),
            Map.entry("int", "int"), Map.entry("long", "long"), Map.entry("size", "__kernel_size_t"),
            Map.entry("off", "__kernel_loff_t"), Map.entry("uid", "__kernel_uid32_t"),
            Map.entry("gid", "__kernel_gid32_t"), Map.entry("aio_context", "aio_context_t"),
            Map.entry("stack_t", "stack_t"), Map.entry("siginfo", "siginfo_t"),
            Map.entry("user_cap_header", "struct __user_cap_header_struct"));

    @TempDir
    private Path folder;

    @Test
    void numbers_ofThisCpu_areThoseOfTheHeaders() {
        Map<String, OptionalInt> different = new TreeMap<>();
        for (SystemCall call : CallTable.all()) {
            OptionalInt number = ARM ? call.numberOnArm() : call.numberOnX86();
            if (number.orElse(-1) != SyscallNumber.of(call.name()).orElse(-1)) {
                different.put(call.name(), number);
            }
        }
        assertEquals(Map.of(), different);
        assertEquals(386, CallTable.all().size());
    }

    @Test
    void sizes_ofTypes_areThoseOfTheHeaders() throws IOException {
        CProbe probe = new CProbe().includeThoseOf(Path.of("src", "test", "c", "call_types.h"));
        for (String type : CallTable.types()) {
            probe.number(type, FIRST_SIZES.getOrDefault(type,
                    "sizeof(" + NAMES_IN_C.getOrDefault(type, "struct " + type) + ")"));
        }
        Map<String, String> answers = probe.ask().byName();
        Map<String, String> different = new TreeMap<>();
        answers.forEach((type, bytes) -> {
            OptionalInt ours = ARM ? CallTable.sizeOnArm(type) : CallTable.sizeOnX86(type);
            if (ours.orElse(-1) != Integer.parseInt(bytes)) {
                different.put(type, "here " + ours + ", C " + bytes);
            }
        });
        assertEquals(Map.of(), different);
        Set<String> missing = new TreeSet<>(CallTable.types());
        missing.removeAll(answers.keySet());
        missing.removeAll(NOT_IN_HEADERS);
        System.out.println("calls.txt: types that this system's headers lack: " + missing);
        assertTrue(missing.size() < 10, missing::toString);
    }

    @Test
    void parameters_ofTheRunningKernel_areThese() throws IOException, InterruptedException {
        Skip.unlessWorks("unshare", "-m", "sh", "-c", "mount -t tracefs none " + folder + " && exec \"$@\"", "sh");
        ProcessBuilder compare = new ProcessBuilder("unshare", "-m", "sh", "-c", "mount -t tracefs none " + folder
                + " && exec src/main/syscalls/compare " + folder + "/events/syscalls").redirectErrorStream(true);
        compare.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = compare.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        System.out.println("calls.txt and tracefs: " + output);
        Skip.unless(!output.contains("NoSuchFileException"), "this kernel has no tracepoints of system calls");
        assertTrue(output.endsWith(", 0 differences"), output);
    }

    @Test
    void lengths_ofPointers_nameOtherParametersAndTypes() {
        List<String> wrong = new ArrayList<>();
        Set<String> used = new TreeSet<>();
        for (SystemCall call : CallTable.all()) {
            Set<String> numbers = call.parameters().stream().filter(each -> !each.isPointer()).map(Parameter::name)
                    .collect(Collectors.toSet());
            for (Parameter each : call.parameters()) {
                used.add(each.isPointer() && each.length().isEmpty() ? each.type() : "");
                for (String word : each.length().replaceFirst("^\\*\\w+", "").split("\\W+")) {
                    boolean size = CallTable.types().contains(word);
                    used.add(size ? word : "");
                    if (!word.isEmpty() && !word.matches("\\d+") && !size && !numbers.contains(word)) {
                        wrong.add(call.name() + ": " + word);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        Set<String> unused = new TreeSet<>(CallTable.types());
        unused.removeAll(used);
        assertEquals(Set.of(), unused);
    }
}
