package dev.linen.junit;

import java.io.File;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Builds the command line of a child JVM with the modules and classes of this JVM. */
final class ChildCommand {

    private ChildCommand() {}

    /**
     * Returns a command line with the same module path and class path. A class of a named module runs in that module,
     * even if the build has patched it into the module, as Maven does with tests.
     *
     * @param main the main class
     * @param origin a class of the test; the other classes of the test are in the same place
     */
    static List<String> asHere(Class<?> main, Class<?> origin, boolean withNativeAccess, List<String> flags) {
        List<String> command = start();
        String modulePath = path("jdk.module.path");
        if (!modulePath.isEmpty()) {
            command.addAll(List.of("--module-path", modulePath));
        }
        command.addAll(List.of("--class-path", path("java.class.path").isEmpty() ? "." : path("java.class.path")));
        Set<String> modules = ownModules();
        if (!modules.isEmpty()) {
            command.addAll(List.of("--add-modules", String.join(",", modules)));
        }
        for (String module : modules) {
            command.addAll(List.of("--add-reads", module + "=ALL-UNNAMED"));
        }
        patch(origin).ifPresent(root -> command
                .addAll(List.of("--patch-module", origin.getModule().getName() + "=" + Path.of(root))));
        Module linen = ChildCommand.class.getModule();
        String granted = linen.isNamed() ? linen.getName() : "ALL-UNNAMED";
        command.add("--enable-native-access=" + (withNativeAccess ? granted : "java.base"));
        finish(command, flags);
        command.addAll(main.getModule().isNamed()
                ? List.of("--module", main.getModule().getName() + "/" + main.getName())
                : List.of(main.getName()));
        return command;
    }

    static List<String> onClassPath(Class<?> main, Class<?> origin, List<String> flags) {
        List<String> command = start();
        command.addAll(List.of("--class-path", join(
                Stream.concat(patch(origin).map(root -> Path.of(root).toString()).stream(),
                        Stream.of(path("jdk.module.path"), path("java.class.path"))))));
        finish(command, flags);
        command.add(main.getName());
        return command;
    }

    /** Leaves out empty paths: an empty entry of a class path is the working directory. */
    static String join(Stream<String> paths) {
        return paths.filter(path -> !path.isEmpty()).collect(Collectors.joining(File.pathSeparator));
    }

    private static List<String> start() {
        return new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    }

    /** Adds the flags. From Java 24, native access that isn't enabled is denied. */
    private static void finish(List<String> command, List<String> flags) {
        if (Runtime.version().feature() >= 24) {
            command.add("--illegal-native-access=deny");
        }
        command.addAll(flags);
    }

    /** Returns the modules of this JVM that are not part of the JDK. */
    private static Set<String> ownModules() {
        Set<String> system = ModuleFinder.ofSystem().findAll().stream().map(ModuleReference::descriptor)
                .map(descriptor -> descriptor.name()).collect(Collectors.toSet());
        return ModuleLayer.boot().modules().stream().map(Module::getName).filter(name -> !system.contains(name))
                .collect(Collectors.toSet());
    }

    /** Returns the location of a class if it differs from the location of its module. */
    private static Optional<URI> patch(Class<?> type) {
        Module module = type.getModule();
        String file = type.getName().replace('.', '/') + ".class";
        URL found = type.getResource(file.substring(file.lastIndexOf('/') + 1));
        if (!module.isNamed() || found == null || !found.getProtocol().equals("file")) {
            return Optional.empty();
        }
        String root = found.toString();
        URI folder = URI.create(root.substring(0, root.length() - file.length()));
        Optional<URI> own = module.getLayer().configuration().findModule(module.getName())
                .flatMap(resolved -> resolved.reference().location());
        return own.map(location -> Path.of(location).equals(Path.of(folder))).orElse(true)
                ? Optional.empty()
                : Optional.of(folder);
    }

    private static String path(String property) {
        return System.getProperty(property, "");
    }
}
