package dev.linen.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

import dev.linen.powercut.PowerCut;

/** A whole program that saves numbers and prints each once it is saved. It knows nothing of linen, but for one mode. */
final class SavingProgram {

    private static final int COUNT = 3;

    private SavingProgram() {}

    public static void main(String... arguments) throws Exception {
        String mode = arguments[0];
        Path folder = Path.of(arguments[1]);
        switch (mode) {
            case "large" -> Files.write(folder.resolve("large"), new byte[6 << 20]);
            case "recording" -> record(folder);
            default -> {
            }
        }
        for (int i = 1; i <= COUNT; i++) {
            save(folder, i, /* synced */ !mode.equals("unsynced"));
            System.out.println(i);
        }
        switch (mode) {
            case "killed" -> new ProcessBuilder("kill", "-KILL", Long.toString(ProcessHandle.current().pid())).start()
                    .waitFor();
            case "exiting" -> System.exit(5);
            case "bytes" -> {
                save(folder, COUNT + 1, /* synced */ true);
                System.out.write(new byte[]{(byte) 0xe9, '\n'});
                System.out.flush();
                save(folder, COUNT + 2, /* synced */ true);
            }
            case "removing" -> {
                Files.delete(folder.resolve("count"));
                Files.delete(folder);
            }
            case "starting" -> new ProcessBuilder("sh", "-c", "echo other > \"$0\"", folder.resolve("other").toString())
                    .start().waitFor();
            default -> {
            }
        }
        if (mode.equals("killed") || mode.equals("waiting")) {
            Thread.sleep(Long.MAX_VALUE); // until the signal
        }
        List.of(arguments).subList(2, arguments.length).forEach(System.out::println);
        System.out.print(System.getProperty("colour", ""));
    }

    private static void save(Path folder, int number, boolean synced) throws IOException {
        Path draft = folder.resolve("draft");
        try (FileChannel file = FileChannel.open(draft, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(StandardCharsets.US_ASCII.encode(number + "\n"));
            if (synced) {
                file.force(true);
            }
        }
        Files.move(draft, folder.resolve("count"), StandardCopyOption.ATOMIC_MOVE);
        if (synced) {
            try (FileChannel directory = FileChannel.open(folder)) {
                directory.force(true);
            }
        }
    }

    /** In the recorded folder, too. */
    private static void record(Path folder) {
        System.err.println(PowerCut.<Integer>record(folder, acks -> {
            acks.now(0);
            save(folder, 0, /* synced */ true);
            acks.now(1);
        }).keepUnder(folder.resolveSibling("own")).report((copy, acked, next) -> {
            throw new AssertionError("none is good enough");
        }));
    }
}
