package dev.linen.thread;

/**
 * A place in machine code.
 *
 * @param address of the instruction
 * @param function where that is, as well as it is known: {@code crash+0x12}, {@code libfoo.so+0x1234} where no symbol tells,
 *        {@code MachineCode+0x3}, or {@code 0x7f2c4a000000}
 * @param file the library or program, without its folder; {@code [vdso]} and the like for what the kernel maps; empty when it is
 *        none
 */
public record CodeLocation(long address, String function, String file) {

    /**
     * As a line of a report has it.
     *
     * @return "crash+0x12 (libfoo.so)"
     */
    @Override
    public String toString() {
        return file.isEmpty() || function.startsWith(file) ? function : function + " (" + file + ")";
    }
}
