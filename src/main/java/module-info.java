/** Native threads and raw Linux system calls, on memory you own. */
module dev.linen {
    requires static org.jspecify; // null annotations, for the compiler only
    requires static info.picocli; // the command line
    requires static com.google.gson; // its option --json
    requires static java.management; // @NoLeaks asks the JVM what is its own
    requires static jdk.jfr; // JFR events for faults, if the JVM has JFR

    exports dev.linen; // the C interface: 0 or -errno
    exports dev.linen.thread; // native threads
    exports dev.linen.function; // the functions that native threads run
    exports dev.linen.futex; // waiting on a word of memory
    exports dev.linen.memory; // memory mappings
    exports dev.linen.process; // CPU affinity, scheduling, thread names
    exports dev.linen.inject; // failing, slow and recorded system calls, for tests
    exports dev.linen.junit; // test support; docs/decisions.md explains why JUnit isn't required
    exports dev.linen.powercut; // which states power cuts leave, and a store's recovery from each
    exports dev.linen.syscall; // raw system calls
    exports dev.linen.syscall.abi; // their constants and structs

    opens dev.linen.cli to info.picocli; // which sets the annotated fields
}
