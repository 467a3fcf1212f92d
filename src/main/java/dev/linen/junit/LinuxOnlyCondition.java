package dev.linen.junit;

import java.util.Optional;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

import dev.linen.Linen;

/** Implements {@link LinuxOnly}. JUnit creates and calls it. */
@SuppressWarnings("exports") // a JUnit test has JUnit on its class path
public final class LinuxOnlyCondition implements ExecutionCondition {

    /** Called by JUnit. */
    public LinuxOnlyCondition() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Optional<String> unsupported = Linen.unsupportedReason();
        if (unsupported.isPresent()) {
            return ConditionEvaluationResult.disabled(unsupported.get());
        }
        String least = AnnotationSupport.findAnnotation(context.getElement(), LinuxOnly.class)
                .map(LinuxOnly::minKernel).orElse("");
        return least.isEmpty()
                ? ConditionEvaluationResult.enabled("linen works here")
                : compare(KernelVersion.running(), KernelVersion.parse(least));
    }

    static ConditionEvaluationResult compare(KernelVersion running, KernelVersion least) {
        return running.compareTo(least) >= 0
                ? ConditionEvaluationResult.enabled("Linux " + running + " is " + least + " or newer")
                : ConditionEvaluationResult.disabled("needs Linux " + least + "; this is " + running);
    }
}
