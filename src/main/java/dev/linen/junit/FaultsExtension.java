package dev.linen.junit;

import java.util.stream.Stream;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import dev.linen.inject.Faults;
import dev.linen.inject.InjectionUnavailableException;

/**
 * Gives a test method a parameter of type {@link Faults}, whose rules end with the test.
 *
 * <pre>{@code
 * @Test
 * @ExtendWith(FaultsExtension.class)
 * void put_syncFails_throws(@TempDir Path dir, Faults faults) {
 *     faults.on(SYNC).under(dir).nth(3).fail(Errno.EIO);
 *     ...
 * }
 * }</pre>
 *
 * <p>The test fails if a call was made that {@code forbid()} is about. It is skipped if system calls can't be supervised
 * here; the reason is in the report and on stdout.
 */
@SuppressWarnings("exports") // a JUnit test has JUnit on its class path
public final class FaultsExtension implements ExecutionCondition, ParameterResolver, AfterEachCallback {

    private static final Namespace NAMESPACE = Namespace.create(FaultsExtension.class);

    /** Called by JUnit. */
    public FaultsExtension() {}

    /** Not in resolveParameter: what that throws is a failure, not a reason to skip. */
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        boolean wanted = context.getTestMethod().stream().flatMap(test -> Stream.of(test.getParameterTypes()))
                .anyMatch(type -> type == Faults.class);
        if (wanted) {
            try {
                Faults.start().close();
            } catch (InjectionUnavailableException unavailable) {
                System.out.println("skipped: " + unavailable.getMessage());
                return ConditionEvaluationResult.disabled(unavailable.getMessage());
            }
        }
        return ConditionEvaluationResult.enabled("system calls can be supervised, or needn't be");
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Faults.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE).getOrComputeIfAbsent(Faults.class, _ -> Faults.start(), Faults.class);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Faults faults = context.getStore(NAMESPACE).remove(Faults.class, Faults.class);
        if (faults != null) {
            faults.close();
        }
    }
}
