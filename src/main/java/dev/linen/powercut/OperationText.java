package dev.linen.powercut;

import java.nio.file.Path;
import java.util.Optional;

import dev.linen.inject.Operation;

/** Shows a recorded call and the line of the program that made it. */
final class OperationText {

    private OperationText() {}

    /** Returns a call as C and strace would write it, with names relative to the folder. */
    static String of(Operation operation, Path folder) {
        String path = relative(operation.path(), folder);
        String arguments = switch (operation) {
            case Operation.Open open -> path + (open.unnamed()
                    ? ", O_TMPFILE"
                    : open.created() ? ", O_CREAT" : open.truncated() ? ", O_TRUNC" : "");
            case Operation.Write write -> path + ", " + write.data().byteSize() + " bytes at " + write.offset();
            case Operation.Truncate truncate -> path + ", " + truncate.length();
            case Operation.Allocate allocate -> path + ", " + allocate.mode() + ", " + allocate.offset() + ", "
                    + allocate.length();
            case Operation.Rename rename -> path + ", " + relative(rename.to(), folder);
            case Operation.Link link -> path + ", " + relative(link.to(), folder);
            case Operation.Symlink link -> link.target() + ", " + path;
            case Operation.SyncAll all -> "";
            default -> path;
        };
        Optional<String> error = operation.call().errno().map(errno -> " = " + errno);
        return operation.call().name() + "(" + arguments + ")" + error.orElse("");
    }

    /** Returns whether a call belongs into a list. A close changes nothing. */
    static boolean isShown(Operation operation) {
        return !(operation instanceof Operation.Close);
    }

    private static String relative(Path path, Path folder) {
        String relative = path.startsWith(folder) ? folder.relativize(path).toString() : path.toString();
        return relative.isEmpty() ? "." : relative;
    }

    /**
     * Returns the line of the program that made a call: {@code Store.checkpoint(Store.java:36)}. Frames of the
     * JDK, of native methods and of what records are passed over. Empty if there is none.
     */
    static String line(Operation operation) {
        return operation.call().stack().stream()
                .filter(frame -> !isPassedOver(frame.getClassName()) && !frame.isNativeMethod()).findFirst()
                .map(OperationText::of).orElse("");
    }

    static String of(StackTraceElement frame) {
        String type = frame.getClassName().replaceAll("\\$\\d+", ""); // an anonymous class is shown as the one around
        return type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1) + "." + frame.getMethodName()
                + "(" + frame.getFileName() + ":" + frame.getLineNumber() + ")";
    }

    static boolean isPassedOver(String type) {
        return type.startsWith("java.") || type.startsWith("javax.") || type.startsWith("jdk.")
                || type.startsWith("sun.") || type.startsWith("com.sun.") || type.startsWith("dev.linen.inject.")
                || type.equals("dev.linen.powercut.PowerCut");
    }
}
