/**
 * The kernel's ABI beside the calls: constants and structs under their names in C, a class for each family of calls.
 *
 * <p>One import gives both: {@code import static dev.linen.syscall.abi.Epoll.*;} is the import of {@code EPOLLIN} and
 * of {@code epoll_event}.
 *
 * <p>Generated from the kernel's headers; see {@code src/main/abi}. Where CPUs differ, constants and layouts are those
 * of the CPU that linen runs on.
 *
 * <ul>
 * <li>A constant is an {@code int}, and if it has more than 32 bits or belongs to a 64-bit argument, a {@code long}. An
 * unsigned 32-bit constant is a negative {@code int} if its top bit is set, and its comment says so: where 64 bits are
 * asked for, widen it with {@link Integer#toUnsignedLong}.
 * <li>A struct is a record around a {@link java.lang.foreign.MemorySegment}. A field has a method that reads it, and
 * one that writes it and returns the view. Fields of 8 and 16 bits are read and written as {@code int}; fields in
 * network byte order as they are in memory ({@link dev.linen.syscall.abi.Macros#htons}). Nothing is kept alive by a
 * view: an address in a field is a number to the kernel.
 * <li>{@link dev.linen.syscall.abi.Macros} has the macros with parameters.
 * </ul>
 */
@NullMarked
package dev.linen.syscall.abi;

import org.jspecify.annotations.NullMarked;
