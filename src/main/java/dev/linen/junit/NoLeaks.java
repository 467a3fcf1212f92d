package dev.linen.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Checks that a test, or each test of a class, leaves no resources behind in the process: no mapping, no thread and no
 * open file, and that the resident memory doesn't grow by more than a limit. The check covers the time from before the
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
 * <p>Resources that the JVM, libc and linen use for themselves aren't counted: compiler, garbage collector and pool
 * threads, linen's watcher threads, open jars, loaded libraries, compiled code, thread stacks and arenas that libc
 * keeps, and stacks that linen keeps. Memory from malloc, including that of an {@code Arena}, is only part of the
 * resident memory.
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
