package dev.linen.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test, or all of a class's, that is skipped where linen doesn't work: on other systems and CPUs, and on Linux kernels
 * older than told. The report has the reason.
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
@SuppressWarnings("exports") // who writes a JUnit test has JUnit already
public @interface LinuxOnly {

    /**
     * The oldest kernel that the test makes sense on. Distributions add to old kernels: where a call tells whether it is
     * there, ask the call.
     *
     * @return "6.13" or "5.15.3"; empty for any
     */
    String minKernel() default "";
}
