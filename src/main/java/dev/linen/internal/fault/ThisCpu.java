package dev.linen.internal.fault;

import dev.linen.internal.linux.Machine;

/** The CPU that this JVM runs on. */
final class ThisCpu {

    static final CpuTrap TRAP = Machine.THIS == Machine.AARCH64 ? new Aarch64Trap() : new X86Trap();

    private ThisCpu() {}
}
