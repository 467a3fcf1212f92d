package dev.linen.internal.binding;

/** What a user's code throws where nobody waits for it: it goes where such things of a Java thread go. */
public final class Uncaught {

    private Uncaught() {}

    /** The handler's own exceptions are ignored, as the JVM does. */
    public static void by(Throwable thrown) {
        try {
            Thread self = Thread.currentThread();
            self.getUncaughtExceptionHandler().uncaughtException(self, thrown);
        } catch (Throwable ignored) {
            // see above
        }
    }
}
