package dev.linen.junit;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.util.Base64;

/** The main class of a child JVM that runs a lambda. Its first argument is the serialised lambda. */
final class ChildBody {

    private ChildBody() {}

    /** Returns the class that contains the lambda. The class of the lambda itself is hidden and isn't in any file. */
    static Class<?> origin(ChildJvm.Body body) {
        Class<?> type = body.getClass();
        int end = type.getName().indexOf("$$Lambda");
        try {
            return end < 0 ? type : Class.forName(type.getName().substring(0, end), false, type.getClassLoader());
        } catch (ClassNotFoundException unknown) {
            return type;
        }
    }

    static String write(ChildJvm.Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(body);
        } catch (IOException captured) {
            throw new IllegalArgumentException("this lambda captures a value that can't be serialised for a child JVM: "
                    + captured, captured);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    /** Resolves the classes of the test, which linen's own class loader may not find. */
    private static final class Reader extends ObjectInputStream {

        Reader(byte[] bytes) throws IOException {
            super(new ByteArrayInputStream(bytes));
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            try {
                return Class.forName(description.getName(), false, ClassLoader.getSystemClassLoader());
            } catch (ClassNotFoundException primitive) {
                return super.resolveClass(description);
            }
        }
    }

    public static void main(String... arguments) throws Exception {
        try (ObjectInputStream in = new Reader(Base64.getDecoder().decode(arguments[0]))) {
            ((ChildJvm.Body) in.readObject()).run();
        }
    }
}
