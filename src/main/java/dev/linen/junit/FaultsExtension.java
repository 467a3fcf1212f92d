package dev.linen.junit;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
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
public final class FaultsExtension implements ParameterResolver, AfterEachCallback {

    private static final Namespace NAMESPACE = Namespace.create(FaultsExtension.class);

    /** Called by JUnit. */
    public FaultsExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Faults.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE).getOrComputeIfAbsent(Faults.class, _ -> start(), Faults.class);
    }

    private static Faults start() {
        try {
            return Faults.start();
        } catch (InjectionUnavailableException unavailable) {
            System.out.println("skipped: " + unavailable.getMessage());
            Assumptions.assumeTrue(false, unavailable.getMessage());
            throw unavailable; // never reached
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Faults faults = context.getStore(NAMESPACE).remove(Faults.class, Faults.class);
        if (faults != null) {
            faults.close();
        }
    }
}
