package dev.linen.inject;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A file of Java stacks, by their tokens. A stack that was there before is only a number:
 *
 * <pre>
 *   token, number of the stack [, count of frames, {class, method, file, line} ...]
 * </pre>
 *
 * <p>An entry is written by one call, before the supervisor records the call that it belongs to.
 */
final class StackFile {

    private final OutputStream out;
    private final Map<List<StackTraceElement>, Integer> numbers = new HashMap<>(); // of the one thread that adds
    private boolean full;

    /** Creates a file. */
    StackFile(Path file) throws IOException {
        out = Files.newOutputStream(file);
    }

    /** Adds a stack. After an error, none is added any more. */
    void add(long token, List<StackTraceElement> stack) {
        if (full || stack.isEmpty()) {
            return;
        }
        full = true; // unless all is written, after an error too: the reader counts the numbers
        Integer known = numbers.putIfAbsent(stack, numbers.size());
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        try (DataOutputStream data = new DataOutputStream(entry)) {
            data.writeLong(token);
            data.writeInt(known == null ? numbers.size() - 1 : known);
            if (known == null) {
                data.writeInt(stack.size());
                for (StackTraceElement frame : stack) {
                    data.writeUTF(frame.getClassName());
                    data.writeUTF(frame.getMethodName());
                    data.writeUTF(frame.getFileName() == null ? "" : frame.getFileName());
                    data.writeInt(frame.getLineNumber());
                }
            }
            out.write(entry.toByteArray());
            full = false;
        } catch (IOException noRoom) {
            // it stays full
        }
    }

    /** Returns the stacks by token. The last entry may be incomplete. */
    static Map<Long, List<StackTraceElement>> read(Path file) throws IOException {
        Map<Long, List<StackTraceElement>> stacks = new HashMap<>();
        List<List<StackTraceElement>> known = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file);
                DataInputStream data = new DataInputStream(new BufferedInputStream(in))) {
            while (true) {
                long token = data.readLong();
                int number = data.readInt();
                if (number == known.size()) {
                    known.add(readStack(data));
                } else if (number < 0 || number > known.size()) {
                    throw new IOException(file + " is damaged: there is no stack " + number);
                }
                stacks.put(token, known.get(number));
            }
        } catch (EOFException end) {
            return stacks;
        }
    }

    private static List<StackTraceElement> readStack(DataInputStream data) throws IOException {
        List<StackTraceElement> stack = new ArrayList<>();
        for (int left = data.readInt(); left > 0; left--) {
            String type = data.readUTF();
            String method = data.readUTF();
            String file = data.readUTF();
            stack.add(new StackTraceElement(type, method, file.isEmpty() ? null : file, data.readInt()));
        }
        return List.copyOf(stack);
    }
}
