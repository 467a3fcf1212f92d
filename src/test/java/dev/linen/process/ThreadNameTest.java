package dev.linen.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.testing.Skip;
import dev.linen.testing.Tasks;

class ThreadNameTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "fifteen bytes!!", "a b", " ", "a\nb", "\n", "größe", "日本語日本", "😀", "(x) S 1",
            "%s"})
    void set_anyName_isReadBackAndInProc(String name) throws IOException {
        try (Running thread = new Running()) {
            ThreadName.set(thread.tid(), name);
            assertEquals(name, ThreadName.get(thread.tid()));
            assertEquals(name, Tasks.name(thread.tid()));
        }
    }

    @Test
    void set_currentThread_namesItAloneAndNotInJava() {
        String mine = ThreadName.get(0);
        CompletableFuture<String> seen = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().name("Java's name").start(() -> {
            ThreadName.set(0, "the kernel's");
            seen.complete(ThreadName.get(Running.ownTid()));
        });
        assertEquals("the kernel's", seen.orTimeout(5, TimeUnit.MINUTES).join());
        assertEquals("Java's name", thread.getName());
        assertEquals(mine, ThreadName.get(0));
        assertEquals(mine, ThreadName.get(Running.ownTid()));
    }

    /** The JVM cuts the end off; since JDK 26 it leaves out the middle. */
    @Test
    void get_javaThread_isItsNameShortened() {
        CompletableFuture<String> seen = new CompletableFuture<>();
        Thread.ofPlatform().name("sixteen bytes !!").start(() -> seen.complete(ThreadName.get(0)));
        assertEquals(Runtime.version().feature() < 26 ? "sixteen bytes !" : "sixteen..tes !!",
                seen.orTimeout(5, TimeUnit.MINUTES).join());
    }

    @ParameterizedTest
    @ValueSource(strings = {"sixteen bytes !!", "日本語日本語", "ööööööööaaaaaaaa"})
    void set_longName_isRefusedWithItsLength(String name) {
        try (Running thread = new Running()) {
            String before = ThreadName.get(thread.tid());
            int bytes = name.startsWith("s") ? 16 : name.startsWith("日") ? 18 : 24;
            String message = assertThrows(IllegalArgumentException.class, () -> ThreadName.set(thread.tid(), name))
                    .getMessage();
            assertEquals("the name of a thread can have at most 15 bytes of UTF-8, but \"" + name + "\" has " + bytes,
                    message);
            assertEquals(before, ThreadName.get(thread.tid()));
        }
    }

    @Test
    void set_nul_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> ThreadName.set(0, "a\0b"));
        assertThrows(NullPointerException.class, () -> ThreadName.set(0, null));
    }

    @ParameterizedTest
    @ValueSource(ints = {Running.NO_TID, Integer.MAX_VALUE, 1})
    void getAndSet_noThreadOfThisProcess_areRefusedWithTheFile(int tid) {
        Skip.unless(tid != ProcessHandle.current().pid(), "this process is process " + tid);
        String file = "/proc/self/task/" + tid + "/comm";
        UncheckedIOException get = assertThrows(UncheckedIOException.class, () -> ThreadName.get(tid));
        assertEquals(new NoSuchFileException(file).toString(), get.getCause().toString());
        UncheckedIOException set = assertThrows(UncheckedIOException.class, () -> ThreadName.set(tid, "name"));
        assertEquals(new NoSuchFileException(file).toString(), set.getCause().toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void getAndSet_negativeTid_areRefused(int tid) {
        assertThrows(IllegalArgumentException.class, () -> ThreadName.get(tid));
        assertThrows(IllegalArgumentException.class, () -> ThreadName.set(tid, "name"));
    }
}
