/** Native threads and raw Linux system calls, on memory you own. */
module dev.linen {
    requires static org.jspecify; // null annotations, for the compiler only
    requires static info.picocli; // the command line
    requires static com.google.gson; // its --json
    requires static jdk.jfr; // faults in recordings, where the JVM has them

    exports dev.linen; // the seed's calls
    exports dev.linen.thread; // native threads
    exports dev.linen.function; // what native threads run
    exports dev.linen.futex; // waiting on a word of memory
    exports dev.linen.memory; // mappings
    exports dev.linen.process; // where and how the kernel runs a thread
    exports dev.linen.junit; // for tests that need a kernel; why no JUnit is required: docs/decisions.md
    exports dev.linen.syscall; // the kernel, raw

    opens dev.linen.cli to info.picocli; // it fills in the annotated fields
}
