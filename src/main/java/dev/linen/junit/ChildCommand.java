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

/** The command line of a JVM that has the modules and classes of this one. */
final class ChildCommand {

    private ChildCommand() {}

    /**
     * A class of a named module is run as such: also one that a build has patched into it, as Maven does with tests.
     *
     * @param main what is started
     * @param origin a class of the test: what lies beside it must be there as well
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
        List<String> paths = new ArrayList<>();
        patch(origin).ifPresent(root -> paths.add(Path.of(root).toString()));
        paths.add(path("jdk.module.path"));
        paths.add(path("java.class.path"));
        command.addAll(List.of("--class-path", String.join(File.pathSeparator, paths)));
        finish(command, flags);
        command.add(main.getName());
        return command;
    }

    private static List<String> start() {
        return new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    }

    /** What isn't granted is refused, where Java knows that flag. */
    private static void finish(List<String> command, List<String> flags) {
        if (Runtime.version().feature() >= 24) {
            command.add("--illegal-native-access=deny");
        }
        command.addAll(flags);
    }

    /** Those of this JVM that don't come with the JDK. */
    private static Set<String> ownModules() {
        Set<String> system = ModuleFinder.ofSystem().findAll().stream().map(ModuleReference::descriptor)
                .map(descriptor -> descriptor.name()).collect(Collectors.toSet());
        return ModuleLayer.boot().modules().stream().map(Module::getName).filter(name -> !system.contains(name))
                .collect(Collectors.toSet());
    }

    /** Where the class lies, when that is not where its module does. */
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
