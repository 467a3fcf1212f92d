package failing;

import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * An agent that makes a chosen allocation fail. It adds a call of {@link #next} before each instruction that allocates
 * on the Java heap, and to Thread.start, in linen and in the JDK's classes that linen uses. See
 * dev.linen.testing.FailingAllocations, which compiles this file: the class belongs to the boot class loader, so that
 * the JDK's classes can call it.
 */
public final class Allocations {

    private static final Set<Opcode> ALLOCATING = EnumSet.of(Opcode.NEW, Opcode.NEWARRAY, Opcode.ANEWARRAY,
            Opcode.MULTIANEWARRAY);

    private static final String REHEARSAL = "dev/linen/Rehearsal";

    /** Without java.lang.invoke and its like, which link call sites: the sweep is about code that ran before. */
    private static final Pattern TRANSFORMED = Pattern.compile("dev/linen/.*"
            + "|java/lang/(Thread|Long|Integer|AbstractStringBuilder|StringBuilder)"
            + "|java/lang/Thread(Builders|Local).*|java/lang/ref/(Reference|PhantomReference|WeakReference)"
            + "|java/lang/foreign/.*|jdk/internal/foreign/.*"
            + "|java/util/[A-Z][A-Za-z$]*|java/util/(concurrent|stream)/.*");

    private static final Pattern LEFT_OUT = Pattern.compile("dev/linen/(testing|junit)/.*|.*Test(\\$.*)?"
            + "|java/util/ServiceLoader.*|java/util/Resource.*|java/util/Locale.*|java/util/Properties.*");

    private static volatile Thread thread;
    private static volatile boolean others;
    private static volatile boolean all;
    private static long left;
    private static volatile OutOfMemoryError last;
    private static volatile boolean armed;

    private Allocations() {}

    public static void premain(String arguments, Instrumentation instrumentation) throws Exception {
        Transformer transformer = new Transformer();
        try (InputStream self = ClassLoader.getSystemResourceAsStream("failing/Allocations.class")) {
            // The classes that it needs must be loaded before: it would be called for these, too.
            transformer.transform(null, REHEARSAL, null, null, self.readAllBytes());
        }
        instrumentation.addTransformer(transformer, /* canRetransform */ true);
        List<Class<?>> loaded = new ArrayList<>();
        for (Class<?> each : instrumentation.getAllLoadedClasses()) {
            if (instrumentation.isModifiableClass(each) && !each.isHidden() && transforms(name(each))) {
                loaded.add(each);
            }
        }
        instrumentation.retransformClasses(loaded.toArray(Class<?>[]::new));
    }

    /** Calls the methods below. A known interface, because a method handle would allocate, at unknown times. */
    public static final LongFunction<Throwable> REMOTE = command -> {
        if (command == -2) {
            return last;
        }
        if (command < 0) {
            return disarm();
        }
        arm(command >> 2, (command & 2) != 0, (command & 1) != 0);
        return null;
    };

    /**
     * Lets an allocation fail.
     *
     * @param allocation which one from now on, beginning with 1
     * @param andAllThatFollow whether those after it fail, too
     * @param ofHelpers whether linen's helper threads are meant, not the calling thread
     */
    private static void arm(long allocation, boolean andAllThatFollow, boolean ofHelpers) {
        thread = Thread.currentThread();
        others = ofHelpers;
        all = andAllThatFollow;
        last = null;
        synchronized (Allocations.class) {
            left = allocation;
        }
        armed = true;
    }

    /** Decides which threads can't be created. */
    public static volatile Predicate<Thread> refusal = thread -> false;

    /** Called before a thread is created. */
    public static void nextThread(Thread thread) {
        if (refusal.test(thread)) {
            throw new OutOfMemoryError("made to fail");
        }
        next();
    }

    /** Lets no allocation fail from now on. Returns the last error that was thrown, null if there was none. */
    private static Throwable disarm() {
        armed = false;
        return last;
    }

    /** Called before each allocation. */
    public static void next() {
        if (!armed) {
            return;
        }
        Thread current = Thread.currentThread();
        if (others ? current == thread || !isHelper(current.getName()) : current != thread) {
            return;
        }
        synchronized (Allocations.class) {
            left--;
            if (left != 0 && !(all && left < 0)) {
                return;
            }
        }
        OutOfMemoryError error = new OutOfMemoryError("made to fail");
        last = error;
        throw error;
    }

    /** A thread that the JVM is attaching has no name yet. */
    private static boolean isHelper(String name) {
        return name == null || name.startsWith("linen-");
    }

    private static boolean transforms(String name) {
        return TRANSFORMED.matcher(name).matches() && !LEFT_OUT.matcher(name).matches();
    }

    private static String name(Class<?> type) {
        return type.getName().replace('.', '/');
    }

    private static final class Transformer implements ClassFileTransformer {

        private static final ClassDesc SELF = ClassDesc.of("failing.Allocations");
        private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);
        private static final MethodTypeDesc THREAD = MethodTypeDesc.of(ConstantDescs.CD_void,
                ClassDesc.of("java.lang.Thread"));

        /** Reads the hierarchy of classes from their files, because loading them here would call this again. */
        private final ClassFile classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(ClassLoader.getSystemClassLoader())));

        @Override
        public byte[] transform(ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain,
                byte[] bytes) {
            if (name == null || !transforms(name)) {
                return null;
            }
            try {
                return classFile.transformClass(classFile.parse(bytes), ClassTransform.transformingMethodBodies(
                        method -> true, name.equals("java/lang/Thread") ? Transformer::withStart : Transformer::add));
            } catch (Throwable failed) {
                failed.printStackTrace();
                throw failed;
            }
        }

        private static void add(CodeBuilder code, CodeElement element) {
            if (element instanceof Instruction instruction && allocates(instruction)) {
                code.invokestatic(SELF, "next", NOTHING);
            }
            code.with(element);
        }

        private static boolean allocates(Instruction instruction) {
            return ALLOCATING.contains(instruction.opcode())
                    || instruction instanceof InvokeDynamicInstruction call && call.typeSymbol().parameterCount() > 0;
        }

        /** Thread.start0 throws an OutOfMemoryError if there can't be another thread. */
        private static void withStart(CodeBuilder code, CodeElement element) {
            if (element instanceof InvokeInstruction call
                    && call.name().equalsString("start0")) {
                code.dup();
                code.invokestatic(SELF, "nextThread", THREAD);
            }
            add(code, element);
        }
    }
}
