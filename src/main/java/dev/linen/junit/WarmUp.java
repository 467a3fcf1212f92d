package dev.linen.junit;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.nio.channels.Pipe;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeThread;

/**
 * Creates resources before the first snapshot that would otherwise look like leaks. linen and the JDK create them
 * once and keep them: linen's own threads, the mappings of the JVM for its first child process, the socket that the
 * JDK uses to close other sockets, its random devices, its threads for delays and for sockets of virtual threads,
 * and the jars of the class path.
 */
final class WarmUp {
    private static boolean done;

    private WarmUp() {}

    /** Not in a static initializer: other threads, which run methods of this class, would wait for its end. */
    static synchronized void once() {
        if (done) {
            return;
        }
        done = true;
        startAThread();
        startNothing();
        closeAPipe();
        readRandomDevices();
        openJars();
        CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(1, TimeUnit.NANOSECONDS)).join();
        pollASocket();
        ProcessSnapshot.now();
    }

    private static void startAThread() {
        NativeFunction strlen = NativeFunction.ofSymbol(Linker.nativeLinker().defaultLookup(), "strlen");
        try (Arena arena = Arena.ofConfined();
                NativeThread thread = NativeThread.start(strlen, arena.allocateFrom(""))) {
            if (thread.onExit().join() != 0) {
                throw new IllegalStateException("the warm-up failed: strlen(\"\") returned another result than 0");
            }
        }
    }

    private static void readRandomDevices() {
        for (String algorithm : List.of("NativePRNG", "NativePRNGBlocking", "NativePRNGNonBlocking")) {
            try {
                SecureRandom random = SecureRandom.getInstance(algorithm);
                random.nextBytes(random.generateSeed(1));
            } catch (NoSuchAlgorithmException none) {
                // then no test can use it either
            }
        }
    }

    /** A class loader opens the jars of the class path, one after another, until it finds what it searches. */
    private static void openJars() {
        try {
            Enumeration<URL> none = ClassLoader.getSystemResources("dev.linen/no such file");
            while (none.hasMoreElements()) {
                none.nextElement();
            }
        } catch (IOException unreadable) {
            // then no class is loaded from it either
        }
    }

    private static void pollASocket() {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    client.getInputStream().read();
                } catch (IOException closed) {
                    // as expected
                }
            });
            while (reader.getState() != Thread.State.WAITING && reader.isAlive()) {
                Thread.onSpinWait();
            }
            accepted.shutdownOutput();
        } catch (IOException refused) {
            // then no test can open a socket either
        }
    }

    private static void startNothing() {
        try {
            new ProcessBuilder("/nonexistent").start().destroy();
        } catch (IOException refused) {
            // as expected
        }
    }

    private static void closeAPipe() {
        try {
            Pipe pipe = Pipe.open();
            pipe.source().close();
            pipe.sink().close();
        } catch (IOException refused) {
            // then no test can open a pipe either
        }
    }
}
