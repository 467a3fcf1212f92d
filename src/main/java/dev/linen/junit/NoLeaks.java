package dev.linen.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Checks that a test, or each test of a class, leaves no resources behind in the process: no mapping, no thread (of
 * Java, virtual or native) and no open file, and that the resident memory doesn't grow by more than a limit. The check covers the time from before the
 * {@code @BeforeEach} methods to after the {@code @AfterEach} methods.
 *
 * <pre>{@code
 * @Test
 * @NoLeaks
 * void start_refused_leavesNothing() ...
 * }</pre>
 *
 * <p>A test that leaks fails, and the message lists each new mapping, thread and file. Because threads end, and
 * unreachable mappings are unmapped, with a delay, the check is repeated for some seconds, with a garbage collection
 * each time, before the test fails. A test that has already failed isn't checked.
 *
 * <p>Resources that the JVM, the JDK, libc and linen create for themselves aren't counted. They are recognised by who
 * created them, not by their size or name: the JVM is asked which threads and class data are its own, libc's stacks,
 * arenas and large malloc chunks by what libc writes there, linen's stacks and machine code by its own records, and
 * libraries by the dynamic linker's list. Memory from malloc, including that of an {@code Arena}, is only part of the
 * resident memory.
 *
 * <p>The JVM is asked through the module {@code jdk.management}, which is there unless a program on the module path was
 * started without it. Then the list of leaks says so, and may contain resources of the JVM; virtual threads aren't
 * checked. A thread that is created in the top thread group, and a {@code Cleaner}, count as the JDK's.
 *
 * <p>The check covers the whole process: tests that run in parallel see each other's resources.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(NoLeaksExtension.class)
@SuppressWarnings("exports") // a JUnit test has JUnit on its class path
public @interface NoLeaks {

    /**
     * The limit for the growth of the resident memory, which includes the Java heap.
     *
     * @return the limit in bytes; the default is 64 MiB
     */
    long residentBytes() default 64L << 20;
}
