package dev.linen.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Skips a test, or all tests of a class, on platforms that linen doesn't support (other operating systems and CPUs),
 * and on Linux kernels that are older than {@link #minKernel}. The test report contains the reason.
 *
 * <pre>{@code
 * @Test
 * @LinuxOnly(minKernel = "6.13")
 * void guard_touched_faults() ...
 * }</pre>
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(LinuxOnlyCondition.class)
@SuppressWarnings("exports") // a JUnit test has JUnit on its class path
public @interface LinuxOnly {

    /**
     * The oldest kernel that the test supports. Distributions backport features to old kernels: if a system call
     * reports whether a feature is available, check that instead.
     *
     * @return a version like "6.13" or "5.15.3"; empty for any kernel
     */
    String minKernel() default "";
}
