package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.fault.SignalNames;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_fault;
import dev.linen.internal.linux.linen_handle;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.ThreadLocals;

/**
 * Draws a stack buffer with its addresses and values, highest address first, as is usual for stacks. A line has at most
 * 80 columns.
 */
final class StackSketch {

    private static final int WIDTH = 45;

    private final StringBuilder text = new StringBuilder();

    /**
     * Draws the stack buffer and the control block.
     *
     * @param used how much of the stack has been used
     */
    StackSketch(StackGeometry geometry, long bottom, String used, MemorySegment exit, MemorySegment control) {
        MemorySegment handle = linen_exit.handle(exit);
        int futex = ControlBlock.futex(exit);

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

    /** @param tls the thread-local block; null if libc's is used */
    StackSketch withThreadLocals(@Nullable MemorySegment tls) {
        if (tls == null) {
            line("", " libc's thread-local block is on the stack", "");
        } else {
            threadLocals(tls);
        }
        return this;
    }

    private void threadLocals(MemorySegment tls) {
        ThreadLocals ofCpu = ThreadLocals.ofThisCpu();
        MemorySegment page = ofCpu.page(tls.address());
        MemorySegment guard = ofCpu.guard(tls.address());
        boolean guardIsAbove = guard.address() > page.address();
        edge('┌', '┐', (guardIsAbove ? guard : page).address() + (guardIsAbove ? guard : page).byteSize(),
                "of many threads");
        if (guardIsAbove) {
            row("guard     " + size(guard.byteSize()) + ", no access");
            edge('├', '┤', guard.address(), "");
        }
        for (Map.Entry<String, Long> word : ofCpu.words(tls).entrySet()) {
            long address = tls.address() + ofCpu.layout().byteOffset(PathElement.groupElement(word.getKey()));
            String content = word.getKey().equals("stack_guard")
                    ? "protector set, a secret"
                    : String.format(Locale.ROOT, "%-9s %s", word.getKey(), hex(word.getValue()));
            row(address, content, address == tls.address() ? "<- thread pointer" : "");
        }
        if (!guardIsAbove) {
            edge('├', '┤', page.address(), "");
            row("guard     " + size(guard.byteSize()) + ", no access");
        }
        edge('└', '┘', Math.min(page.address(), guard.address()), "");
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
