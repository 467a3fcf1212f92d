/** Native threads and raw Linux system calls, on memory you own. */
module dev.linen {
    requires static org.jspecify; // null annotations, for the compiler only

    exports dev.linen; // the seed's calls
    exports dev.linen.thread; // native threads
    exports dev.linen.futex; // waiting on a word of memory
    exports dev.linen.memory; // mappings
    exports dev.linen.syscall; // the kernel, raw

}
