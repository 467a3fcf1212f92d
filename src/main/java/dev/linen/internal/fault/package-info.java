/**
 * Faults of native threads: the handler that ends the thread, what it wrote down, and what that means.
 *
 * <p>Layer 2: uses {@code dev.linen.memory}, {@code dev.linen.internal.elf} and what is below them; used by
 * {@code dev.linen.thread}; not exported. It knows neither threads nor pools: what it must know of a thread is handed
 * in as {@link dev.linen.internal.fault.Surroundings}.
 *
 * <pre>
 *   FaultHandler, SignalAction   fault.c's handler, in front of the JVM's
 *   FaultRecord                  what the handler wrote down: signal, code, address, registers
 *   FaultReport                  all that is known of a fault; found out when somebody reads it, by
 *     StackCopy                    the dead thread's stack, kept for that
 *     FaultDiagnosis, Cause        why it ended, from Surroundings and a
 *     CpuTrap, Reason                what the CPU says of it: X86Trap, X86Instruction; Aarch64Trap
 *     ProcessImages, PageCache     names for addresses, from what is mapped: Place
 *   SignalNames                  names of signals and their codes
 * </pre>
 */
@NullMarked
package dev.linen.internal.fault;

import org.jspecify.annotations.NullMarked;
