package dev.linen.testing;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/**
 * A class loader with a linen of its own, such as an application server has for each application. For a child JVM whose
 * linen is on the class path: the classes of a named module would be found there, by any loader.
 */
public final class ApplicationLoader extends URLClassLoader {

    private static final Path CLASSES = Path.of("target", "classes");

    private volatile boolean endedForHelpers;

    public ApplicationLoader(String name) throws MalformedURLException {
        this(name, CLASSES);
    }

    /** @param first a directory with classes and resources that replace those of linen, or add to them */
    public ApplicationLoader(String name, Path first) throws MalformedURLException {
        super(name, new URL[]{url(first), url(CLASSES), url(Path.of("target", "test-classes"))},
                ClassLoader.getPlatformClassLoader());
    }

    private static URL url(Path folder) throws MalformedURLException {
        return folder.toUri().toURL();
    }

    /**
     * From now on, the application has ended as seen by the helper thread that its linen has created first: that one
     * can't load any more classes.
     */
    public void endForHelpers() {
        endedForHelpers = true;
    }

    @Override
    public Class<?> loadClass(String name) throws ClassNotFoundException {
        if (endedForHelpers && findLoadedClass(name) == null
                && Thread.currentThread().getName().equals("linen-reclaimer")) {
            throw new ClassNotFoundException(name + ": the application has ended");
        }
        Class<?> loaded = super.loadClass(name);
        if (name.startsWith("dev.linen.") && loaded.getClassLoader() != this) {
            throw new ClassNotFoundException(name + " is another loader's");
        }
        return loaded;
    }

    /** Creates an object of a class of the application. */
    public Object create(Class<?> same) throws ReflectiveOperationException {
        return loadClass(same.getName()).getConstructor().newInstance();
    }
}
