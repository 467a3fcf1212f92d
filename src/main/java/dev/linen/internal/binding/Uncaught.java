package dev.linen.internal.binding;

/** Handles exceptions of user code that no caller can catch, like those that end a Java thread. */
public final class Uncaught {

    private Uncaught() {}

    /**
     * Calls the uncaught exception handler of the current thread. Exceptions of the handler are ignored, as in the JVM.
     */
    public static void by(Throwable thrown) {
        try {
            Thread self = Thread.currentThread();
            self.getUncaughtExceptionHandler().uncaughtException(self, thrown);
        } catch (Throwable ignored) {
            // see above
        }
    }
}
