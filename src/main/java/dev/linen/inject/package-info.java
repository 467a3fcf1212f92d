/**
 * Sees the file and socket calls that libc makes for this JVM, and decides how they end: it records them with their
 * data and results, or makes them fail.
 *
 * <pre>
 *   Recording
 *     Recording   the calls under a folder, with their data, in the order in which the kernel performed them
 *     Operation   one recorded call, typed: Open, Write, Sync, Rename, ...
 *     Call        what every operation has: name, thread, result, time, Java stack
 *     FileId      which file: device, inode, and how often that inode was used again
 *     LogReader   reads operations from the log
 *     ProgramRecord  a record of a whole JVM, in files, which it leaves behind
 *     RecordFiles, StackFile  these files
 *   Failing
 *     Faults      the rules of a test, which end with it
 *     FaultRule   a rule that is being described; Fault: one in force
 *     CallKind    the kinds of calls that a rule can be about
 *   Tracing
 *     Trace       what happened in a folder, requirements on it, and its text
 *     Step        an operation that a trace is required to have
 *   Mechanism
 *     Supervisor  the native threads that run inject.c, and the memory that they share with Java
 *     RuleSlot    a rule in that memory
 *     PathBytes   file names as the kernel has them
 *     LibcText    which code's calls are seen
 *     JavaStacks  takes the stacks of callers while they are held
 *     ThreadDump  which tid is which Java thread
 *     InjectionUnavailableException  why it isn't possible here
 * </pre>
 *
 * <p>It needs no flag, agent or privilege, but a seccomp filter, which stays until the JVM ends: for tests only.
 *
 * <p>Layer 4. Uses {@code dev.linen.thread} and the layers below it; {@code dev.linen.junit} uses it.
 */
@NullMarked
package dev.linen.inject;

import org.jspecify.annotations.NullMarked;
