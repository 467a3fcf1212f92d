package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.fault.SignalNames;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_fault;
import dev.linen.internal.linux.linen_handle;
import dev.linen.internal.linux.linen_slab;
import dev.linen.internal.linux.linen_tls;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.memory.Mapping;

/**
 * Draws a stack buffer with its addresses and values, highest address first, as is usual for stacks. A line has at most
 * 80 columns.
 */
final class StackSketch {

    private static final int WIDTH = 45;

    private static final long GUARD_BYTES = StackGeometry.roundUp(LinenH.LINEN_TLS_GUARD_BYTES, Mapping.pageSize());

    private final StringBuilder text = new StringBuilder();

    /**
     * Draws the stack buffer and the control block.
     *
     * @param used how much of the stack has been used
     */
    StackSketch(StackGeometry geometry, long bottom, String used, MemorySegment exit, MemorySegment control) {
        MemorySegment handle = linen_exit.handle(exit);
        int futex = linen_handle.futex(handle);

        edge('┌', '┐', bottom + geometry.totalBytes(), "top");
        row(handle.address() + linen_handle.canary$offset(),
                "canary    " + hex(Integer.toUnsignedLong(linen_handle.canary(handle))));
        row(handle.address(), "futex     " + (futex == 0 ? "0, the thread has ended" : "tid " + futex), "<- handle");
        row(exit.address(), "result    " + result(futex, exit, linen_fault.signal(linen_control.fault(control))));
        row("stack     " + size(geometry.stackBytes()) + ", " + used + " touched", "grows down");
        edge('├', '┤', bottom + geometry.stackOffset(), "");
        row("guard     " + size(geometry.guardBytes()) + ", no access");
        edge('├', '┤', bottom + geometry.guardOffset(), "");
        row("signal    " + size(geometry.signalStackBytes()), "grows down");
        edge('├', '┤', bottom + geometry.signalStackOffset(), "");
        row("guard     " + size(geometry.outerGuardBytes()) + ", no access");
        edge('└', '┘', bottom, "bottom");
        edge('┌', '┐', control.address() + control.byteSize(), "control block");
        row(control.address() + linen_control.argument$offset(), "argument  " + hex(linen_control.argument(control)));
        row(control.address() + linen_control.function$offset(), "function  " + hex(linen_control.function(control)));
        edge('└', '┘', control.address(), "");
    }

    /** @param slab the thread-local block; null if libc's is used */
    StackSketch withThreadLocals(@Nullable MemorySegment slab) {
        if (slab == null) {
            line("", " libc's thread-local block is on the stack", "");
        } else {
            threadLocals(slab);
        }
        return this;
    }

    private void threadLocals(MemorySegment slab) {
        MemorySegment tls = linen_slab.tls(slab);
        edge('┌', '┐', slab.address() + Mapping.pageSize(), "of many threads");
        row(tls.address() + linen_tls.stack_guard$offset(), "protector set, a secret");
        row(tls.address() + linen_tls.magic$offset(), "magic     " + hex(linen_tls.magic(tls)));
        row(tls.address(), "self      " + hex(linen_tls.self(tls)), "<- thread pointer");
        edge('├', '┤', slab.address(), "");
        row("guard     " + size(GUARD_BYTES) + ", no access");
        edge('└', '┘', slab.address() - GUARD_BYTES, "");
    }

    private static String result(int futex, MemorySegment exit, int signal) {
        if (futex != 0) {
            return "none yet";
        }
        return signal == 0 ? hex(linen_exit.result(exit)) : "none, ended by " + SignalNames.signal(signal);
    }

    private void edge(char left, char right, long address, String note) {
        line(hex(address), left + "─".repeat(WIDTH) + right, note);
    }

    private void row(long address, String content) {
        row(address, content, "");
    }

    private void row(long address, String content, String note) {
        line(hex(address), String.format(Locale.ROOT, "│ %-" + (WIDTH - 1) + "s│", content), note);
    }

    private void row(String content) {
        row(content, "");
    }

    private void row(String content, String note) {
        line("", String.format(Locale.ROOT, "│ %-" + (WIDTH - 1) + "s│", content), note);
    }

    private void line(String address, String box, String note) {
        text.append(String.format(Locale.ROOT, "%14s %s %s", address, box, note).stripTrailing()).append('\n');
    }

    /** Formats a size in the largest unit that divides it. */
    static String size(long bytes) {
        if (bytes % (1L << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes % (1L << 10) == 0 ? (bytes >> 10) + " KiB" : bytes + " bytes";
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
