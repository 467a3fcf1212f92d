package dev.linen.thread;

/**
 * A location in machine code.
 *
 * @param address the address of the instruction
 * @param function the function and the offset in it, as far as known: {@code crash+0x12}; {@code libfoo.so+0x1234} if
 *        there is no symbol; {@code MachineCode+0x3}; or {@code 0x7f2c4a000000}
 * @param file the library or program, without its directory; {@code [vdso]} and the like for what the kernel maps;
 *        empty if there is none
 */
public record CodeLocation(long address, String function, String file) {

    /**
     * Returns the location as it is shown in a report.
     *
     * @return "crash+0x12 (libfoo.so)"
     */
    @Override
    public String toString() {
        return file.isEmpty() || function.startsWith(file) ? function : function + " (" + file + ")";
    }
}
