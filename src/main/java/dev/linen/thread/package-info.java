/**
 * Native threads: starting them, waiting for their end, closing and detaching them, and deciding who may still access a
 * thread's memory.
 *
 * <p>Layer 3. Uses {@code dev.linen.function}, {@code dev.linen.internal.stack}, {@code dev.linen.internal.fault},
 * {@code dev.linen.internal.helper} and the layers below them.
 *
 * <pre>
 *   Starting
 *     NativeThread                 a thread, from its start until it is closed or detached
 *     NativeThreadBuilder          starts threads with chosen properties
 *     ThreadSetup                  the calls that a thread makes before its function: name, CPUs, scheduling
 *     CloneFlags                   the flags of clone, with their reasons
 *     PosixThread                  a thread that libc creates on a stack of linen's
 *     ControlBlock                 the fields by which Java and a native thread communicate
 *   Waiting
 *     ThreadExit                   the end of one thread: waits for it, and returns its outcome
 *     ExitWatcher, Watched         one Java thread that notifies callers of the ends of many threads
 *     SpinBudget                   how long a wait spins before it sleeps
 *   Leaving
 *     Callers                      which callers may access a thread's memory
 *     Departure                    frees what an ended thread used
 *     Lent                         what a thread uses until it ends: its function, its argument, its arena
 *   Memory
 *     StackBuffer                  a thread's memory, as users read it
 *     StackSketch                  draws it
 *     StackPool                    keeps stacks for new threads
 *   Faults
 *     ThreadFault                  the description of a fault: signal, location, cause
 *     FaultCause, CodeLocation     its most likely cause, and its places in the code
 *     NativeFaultException         what join throws after a fault
 *     NativeThreadKilledException  what join throws after a kill
 *     FaultContainment             whether a fault ends only its thread
 *     FaultLog, FaultEvent         report faults to the log and to Flight Recorder
 * </pre>
 */
@NullMarked
package dev.linen.thread;

import org.jspecify.annotations.NullMarked;
