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

    public ApplicationLoader(String name) throws MalformedURLException {
        super(name, new URL[]{url("classes"), url("test-classes")}, ClassLoader.getPlatformClassLoader());
    }

    private static URL url(String folder) throws MalformedURLException {
        return Path.of("target", folder).toUri().toURL();
    }

    @Override
    public Class<?> loadClass(String name) throws ClassNotFoundException {
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
