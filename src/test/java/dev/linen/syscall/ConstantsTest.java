package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.SystemCall;
import dev.linen.syscall.abi.Epoll;
import dev.linen.syscall.abi.Fcntl;
import dev.linen.syscall.abi.Mman;

class ConstantsTest {

    @Test
    void value_ofAName_isTheConstants() {
        assertEquals(OptionalLong.of(Fcntl.O_CLOEXEC), Constants.value("O_CLOEXEC"));
        assertEquals(OptionalLong.of(Mman.MAP_HUGE_16GB), Constants.value("MAP_HUGE_16GB"));
        assertEquals(OptionalLong.of(Integer.MIN_VALUE), Constants.value("EPOLLET"));
        assertEquals(OptionalLong.empty(), Constants.value("O_CLOSEXEC"));
        assertEquals(OptionalLong.empty(), Constants.value(""));
    }

    @Test
    void startingWith_aPrefix_isInOrderAndNoMore() {
        assertEquals(List.of("EFD_CLOEXEC", "EFD_NONBLOCK", "EFD_SEMAPHORE"),
                List.copyOf(Constants.startingWith("EFD_").keySet()));
        assertEquals(List.of("O_DIRECT", "O_DIRECTORY", "O_DSYNC"),
                List.copyOf(Constants.startingWith("O_D").keySet()));
        assertEquals(Map.of(), Constants.startingWith("NO_SUCH_"));
    }

    @ParameterizedTest
    @CsvSource({"O_RDONLY, 0", "O_RDWR|O_CLOEXEC, 0x80002", "' O_WRONLY | 0x10 | 010 | 4 ', 0x1d",
            "AT_FDCWD, -100", "-1, -1", "0xffffffffffffffff, -1"})
    void parse_namesAndNumbers_areOredTogether(String expression, String value) {
        assertEquals((long) Long.decode(value), Constants.parse(expression));
    }

    @ParameterizedTest
    @CsvSource({"O_RDWR|O_CLOSEXEC, O_CLOSEXEC", "'', ''", "O_RDWR|, ''", "0x, 0x"})
    void parse_neitherNameNorNumber_isNamedInTheMessage(String expression, String wrong) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> Constants.parse(expression));
        assertEquals("neither a constant nor a number: '" + wrong + "'", refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
            "openat, flags, 0, O_RDONLY",
            "openat, flags, 0x80002, O_RDWR|O_CLOEXEC",
            "openat, flags, 0x101041, O_WRONLY|O_SYNC|O_CREAT",
            "openat, flags, 0x100000003, 3|0x100000000",
            "openat, mode, 420, 0644",
            "openat, mode, 0, 0",
            "mknod, mode, 8612, S_IFCHR|0644",
            "mmap, prot, 0, PROT_NONE",
            "mmap, prot, 0x43, PROT_READ|PROT_WRITE|0x40",
            "mmap, flags, 0x22, MAP_PRIVATE|MAP_ANONYMOUS",
            "mmap, flags, 3, MAP_SHARED_VALIDATE",
            "mmap, flags, 0, 0",
            "madvise, behavior, 4, MADV_DONTNEED",
            "madvise, behavior, 0, MADV_NORMAL",
            "madvise, behavior, 9999, 0x270f",
            "socket, type, 0x80001, SOCK_STREAM|SOCK_CLOEXEC",
            "socket, family, 2, AF_INET",
            "clone, clone_flags, 0x1200011, CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID|SIGCHLD",
            "futex, op, 0x80, FUTEX_WAIT|FUTEX_PRIVATE_FLAG",
            "futex, op, 0x189, FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME",
            "kill, sig, 9, SIGKILL",
            "prctl, option, 38, PR_SET_NO_NEW_PRIVS",
            "statx, flags, 0x1100, AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH",
            "faccessat2, flags, 0x200, AT_EACCESS",
            "unlinkat, flag, 0x200, AT_REMOVEDIR",
            "access, mode, 0, F_OK",
            "access, mode, 6, R_OK|W_OK",
            "seccomp, flags, 1, SECCOMP_FILTER_FLAG_TSYNC",
            "bpf, cmd, 5, BPF_PROG_LOAD",
    })
    void print_ofAnArgument_isAsStraceHasIt(String call, String argument, String value, String text) {
        String printed = ConstantSet.of(call, argument).orElseThrow().print(Long.decode(value));
        if (text.contains("|")) {
            assertEquals(List.of(text.split("\\|")).stream().sorted().toList(),
                    List.of(printed.split("\\|")).stream().sorted().toList());
        } else {
            assertEquals(text, printed);
        }
    }

    @Test
    void of_anArgumentWithoutConstants_isEmpty() {
        assertTrue(ConstantSet.of("read", "count").isEmpty());
    }

    /** What is printed can be parsed again, and no name of a set hides another one of the same value. */
    @Test
    void sets_all_areUnambiguous() {
        List<String> wrong = new ArrayList<>();
        for (String argument : new TreeSet<>(ConstantSet.arguments())) {
            ConstantSet set = ConstantSet.of(argument.split("\\.")[0], argument.split("\\.")[1]).orElseThrow();
            set.hidden().forEach(name -> wrong.add(argument + ": " + name + " is hidden"));
            for (String name : set.names()) {
                long value = Constants.value(name).orElseThrow();
                if (Constants.parse(set.print(value)) != value) {
                    wrong.add(argument + ": " + name + " is printed as " + set.print(value));
                }
            }
            boolean existsHere = SyscallNumber.of(argument.split("\\.")[0]).isPresent();
            if (set.names().isEmpty() && existsHere && !argument.matches(".*mode|umask.mask")) {
                wrong.add(argument + ": no names");
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(ConstantSet.arguments().size() > 150);
    }

    /** Who renames a parameter in calls.txt must do so here, too. */
    @Test
    void arguments_ofAllSets_areParametersOfCalls() {
        Set<String> parameters = new TreeSet<>();
        for (SystemCall call : CallTable.all()) {
            call.parameters().forEach(parameter -> parameters.add(call.name() + "." + parameter.name()));
        }
        Set<String> unknown = new TreeSet<>(ConstantSet.arguments());
        unknown.removeAll(parameters);
        assertEquals(Set.of(), unknown);
    }

    /** Without this metadata, a native image would find no constant by its name. */
    @Test
    void classes_readByReflection_areInTheNativeImagesMetadata() throws IOException {
        String metadata = Files.readString(Path.of("src/main/resources/META-INF/native-image/dev.linen/linen",
                "reachability-metadata.json"));
        List<String> missing = Stream.concat(Constants.classes().stream(), Stream.of(SyscallNumber.class))
                .map(Class::getName)
                .filter(name -> !metadata.contains("\"" + name + "\", \"allDeclaredFields\": true")).toList();
        assertEquals(List.of(), missing);
    }

    /** The classes' constants can be used in annotations and switches where the CPUs agree. */
    @Test
    void constants_equalOnAllCpus_areCompileTimeConstants() {
        String text = switch (Constants.parse("EPOLLIN") == 1 ? Epoll.EPOLLIN : Epoll.EPOLLOUT) {
            case Epoll.EPOLLIN -> "in";
            case Epoll.EPOLLOUT -> "out";
            default -> "other";
        };
        assertEquals("in", text);
    }
}
