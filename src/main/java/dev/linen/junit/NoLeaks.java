package dev.linen.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test, or each of a class's, that must leave nothing behind in the process: no mapping, no thread, no open file, and no
 * more resident memory than a bound allows. From before its {@code @BeforeEach} methods to after its {@code @AfterEach}
 * methods.
 *
 * <pre>{@code
 * @Test
 * @NoLeaks
 * void start_refused_leavesNothing() ...
 * }</pre>
 *
 * <p>A test that left something fails, and the message names each new mapping, thread and file. Threads end, and unreachable
 * mappings go, a little later: so it is looked at again for some seconds, with a garbage collection in between, before it fails. A test that
 * has failed already isn't looked at.
 *
 * <p>What the JVM, libc and linen do for themselves isn't counted: compiler, collector and pool threads and those that linen
 * watches with, opened jars, loaded libraries, compiled code, thread stacks and arenas that libc keeps, the stacks that linen
 * keeps. Memory from malloc, that of an {@code Arena} too, shows in the resident bytes only.
 *
 * <p>It looks at the whole process: tests that run at the same time see each other's.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(NoLeaksExtension.class)
@SuppressWarnings("exports") // who writes a JUnit test has JUnit already
public @interface NoLeaks {

    /**
     * How much the resident memory may grow. A Java heap that grows is in it.
     *
     * @return the bound in bytes; 64 MiB unless said otherwise
     */
    long residentBytes() default 64L << 20;
}
