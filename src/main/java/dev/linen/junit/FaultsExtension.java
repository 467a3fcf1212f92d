package dev.linen.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Objects;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;

import dev.linen.inject.Faults;
import dev.linen.inject.InjectionUnavailableException;

/**
 * Gives a test method, or one that runs before or after each test, a parameter of type {@link Faults}, whose rules end
 * with the test. All of a test get the same.
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
        if (context.getTestMethod().map(test -> wants(test, context)).orElse(false)) {
            try {
                Faults.start().close();
            } catch (InjectionUnavailableException unavailable) {
                System.out.println("skipped: " + unavailable.getMessage());
                return ConditionEvaluationResult.disabled(unavailable.getMessage());
            }
        }
        return ConditionEvaluationResult.enabled("system calls can be supervised, or needn't be");
    }

    private static boolean wants(Method test, ExtensionContext context) {
        Stream<Class<?>> types = Stream.iterate(context.getRequiredTestClass(), Objects::nonNull,
                FaultsExtension::outer);
        return Stream.concat(Stream.of(test), types.flatMap(type -> Stream.concat(annotated(BeforeEach.class, type),
                annotated(AfterEach.class, type)))).flatMap(method -> Stream.of(method.getParameterTypes()))
                .anyMatch(Faults.class::equals);
    }

    /** The methods of the class around a @Nested one are called for its tests, too. */
    private static @Nullable Class<?> outer(Class<?> type) {
        return Modifier.isStatic(type.getModifiers()) ? null : type.getEnclosingClass();
    }

    private static Stream<Method> annotated(Class<? extends Annotation> annotation, Class<?> type) {
        return AnnotationSupport.findAnnotatedMethods(type, annotation, HierarchyTraversalMode.TOP_DOWN).stream();
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Faults.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        if (context.getTestMethod().isEmpty()) {
            throw new ParameterResolutionException("Faults end with a test, so they can't be a parameter of "
                    + parameter.getDeclaringExecutable() + ", which is called outside of one: make them a parameter of "
                    + "the test, or of a @BeforeEach method; or call Faults.start() here, and close them in @AfterAll");
        }
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
