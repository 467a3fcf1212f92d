package dev.linen.inject;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * File names as the kernel has them: bytes. In the C locale the JDK makes no Path from text that isn't ASCII, and no
 * such text from a Path. A URI has these bytes in hexadecimal, in any locale.
 */
final class PathBytes {

    private PathBytes() {}

    /** Returns an absolute path as the kernel takes it, without a slash at its end. */
    static byte[] of(Path path) {
        String escaped = path.toUri().getRawPath();
        int end = escaped.endsWith("/") ? escaped.length() - 1 : escaped.length();
        ByteArrayOutputStream name = new ByteArrayOutputStream(end);
        for (int i = 0; i < end; i++) {
            if (escaped.charAt(i) == '%') {
                name.write(HexFormat.fromHexDigits(escaped, i + 1, i + 3));
                i += 2;
            } else {
                name.write(escaped.charAt(i));
            }
        }
        return name.toByteArray();
    }

    /** Returns the path that the kernel has written. */
    static Path path(byte[] name) {
        boolean ascii = true;
        for (byte each : name) {
            ascii &= each > 0;
        }
        if (ascii) {
            return Path.of(new String(name, StandardCharsets.US_ASCII));
        }
        StringBuilder escaped = new StringBuilder("file:///");
        for (byte each : name) {
            if (each != '/') {
                escaped.append('%').append(HexFormat.of().toHexDigits(each));
            } else if (escaped.charAt(escaped.length() - 1) != '/') {
                escaped.append('/');
            }
        }
        Path absolute = Path.of(URI.create(escaped.toString()));
        return name[0] == '/' ? absolute : absolute.subpath(0, absolute.getNameCount());
    }
}
