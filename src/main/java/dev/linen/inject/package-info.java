/**
 * Sees the file and socket calls that libc makes for this JVM, and decides how they end: it records them with their
 * data and results, or makes them fail.
 *
 * <pre>
 *   Recording   the calls under a folder, with their data, in the order in which the kernel performed them
 *   Operation   one recorded call, typed: Open, Write, Sync, Rename, ...
 *   Call        what every operation has: name, thread, result, time, Java stack
 *   FileId      which file: device, inode, and how often that inode was used again
 * </pre>
 *
 * <p>It needs no flag, agent or privilege, but a seccomp filter, which stays until the JVM ends: for tests only.
 *
 * <p>Layer 4. Uses {@code dev.linen.thread} and the layers below it; {@code dev.linen.junit} uses it.
 */
@NullMarked
package dev.linen.inject;

import org.jspecify.annotations.NullMarked;
