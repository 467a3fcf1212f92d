package dev.linen.syscall.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

import org.junit.jupiter.api.Test;

import dev.linen.syscall.abi.Bpf.bpf_insn;
import dev.linen.syscall.abi.Bpf.sock_filter;
import dev.linen.syscall.abi.Epoll.epoll_event;
import dev.linen.syscall.abi.Families.Family;
import dev.linen.syscall.abi.Families.Struct;
import dev.linen.syscall.abi.Fcntl.iovec;
import dev.linen.syscall.abi.Fcntl.linux_dirent64;
import dev.linen.syscall.abi.IoUring.io_uring_sqe;
import dev.linen.syscall.abi.Perf.perf_event_attr;
import dev.linen.syscall.abi.Sched.new_utsname;
import dev.linen.syscall.abi.Socket.cmsghdr;
import dev.linen.syscall.abi.Time.itimerspec;

class ViewsTest {

    private final Arena arena = Arena.ofAuto();

    @Test
    void setters_inAChain_writeWhereTheGettersRead() {
        epoll_event event = epoll_event.in(arena).events(Epoll.EPOLLIN | Epoll.EPOLLET).data(-2);
        assertEquals(Epoll.EPOLLIN | Epoll.EPOLLET, event.events());
        assertEquals(-2, event.data());
        assertEquals(epoll_event.SIZE, event.segment().byteSize());
    }

    @Test
    void in_anAllocatorThatDoesNotClear_isZero() {
        MemorySegment dirty = arena.allocate(64, 8).fill((byte) 0x55);
        assertEquals(0, epoll_event.in(SegmentAllocator.prefixAllocator(dirty)).data());
    }

    @Test
    void at_anElementOfAnArray_isThatOne() {
        MemorySegment events = epoll_event.array(arena, 3);
        epoll_event.at(events, 2).data(7);
        assertEquals(7, new epoll_event(events.asSlice(2L * epoll_event.SIZE)).data());
        assertEquals(0, epoll_event.at(events, 1).data());
        assertThrows(IndexOutOfBoundsException.class, () -> epoll_event.at(events, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> epoll_event.at(events, -1));
    }

    @Test
    void new_ofAShortSegment_isRefusedWithTheSizes() {
        MemorySegment tooShort = arena.allocate(epoll_event.SIZE - 1);
        IndexOutOfBoundsException refused = assertThrows(IndexOutOfBoundsException.class,
                () -> new epoll_event(tooShort));
        assertEquals("the struct has " + epoll_event.SIZE + " bytes, the segment " + (epoll_event.SIZE - 1),
                refused.getMessage());
    }

    @Test
    void smallFields_withTheirTopBit_areUnsignedAndSigned() {
        sock_filter instruction = sock_filter.in(arena).code(0xffff).jt(255).jf(128).k(-1);
        assertEquals(0xffff, instruction.code());
        assertEquals(255, instruction.jt());
        assertEquals(128, instruction.jf());
        assertEquals(-1, bpf_insn.in(arena).off(-1).off());
    }

    @Test
    void bitFields_set_leaveTheOthersAlone() {
        perf_event_attr attr = perf_event_attr.in(arena).disabled(true).precise_ip(2).exclude_kernel(true);
        attr.disabled(false);
        assertFalse(attr.disabled());
        assertEquals(2, attr.precise_ip());
        assertTrue(attr.exclude_kernel());
        assertEquals(0x10, bpf_insn.in(arena).src_reg(1).segment().get(ValueLayout.JAVA_BYTE, 1));
        bpf_insn cut = bpf_insn.in(arena).dst_reg(0x1f);
        assertEquals(0xf, cut.dst_reg());
        assertEquals(0, cut.src_reg());
    }

    @Test
    void nestedStruct_isAViewOfItsPart() {
        itimerspec timer = itimerspec.in(arena);
        timer.it_value().tv_sec(3).tv_nsec(4);
        assertEquals(3, timer.segment().getAtIndex(ValueLayout.JAVA_LONG, 2));
        assertEquals(4, timer.it_value().tv_nsec());
        assertEquals(0, timer.it_interval().tv_sec());
    }

    @Test
    void text_inAField_endsWithANul() {
        new_utsname name = new new_utsname(arena.allocate(new_utsname.SIZE).fill((byte) 'x'));
        name.nodename("host");
        assertEquals("host", name.nodename().getString(0));
        String tooLong = "x".repeat(65);
        assertThrows(IndexOutOfBoundsException.class, () -> name.nodename(tooLong));
        assertEquals("host", name.nodename().getString(0));
    }

    @Test
    void arrayWithoutAnEnd_isTheRestOfTheMemory() {
        linux_dirent64 entry = linux_dirent64.in(arena, 8);
        assertEquals(linux_dirent64.SIZE + 8 - 19, entry.d_name().byteSize());
        entry.d_name("linen");
        assertEquals("linen", entry.d_name().getString(0));
    }

    @Test
    void address_ofAHeapSegment_isRefused() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        iovec piece = iovec.in(arena);
        io_uring_sqe request = io_uring_sqe.in(arena);
        assertThrows(IllegalArgumentException.class, () -> piece.iov_base(heap));
        assertThrows(IllegalArgumentException.class, () -> request.addr(heap));
        MemorySegment native_ = arena.allocate(8);
        assertEquals(native_.address(), request.addr(native_).addr());
        assertEquals(native_.address(), piece.iov_base(native_).iov_base().address());
    }

    @Test
    void view_ofAHeapSegment_works() {
        byte[] bytes = new byte[epoll_event.SIZE + 1];
        new epoll_event(MemorySegment.ofArray(bytes).asSlice(1)).events(1);
        assertEquals(1, bytes[1]);
    }

    @Test
    void toString_ofAView_hasItsFields() {
        assertEquals("epoll_event{events=1, data=5}", epoll_event.in(arena).events(1).data(5).toString());
        assertEquals("itimerspec{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=3, tv_nsec=0}}",
                timer(3).toString());
        assertEquals("iovec{iov_base=0x10, iov_len=2}",
                iovec.in(arena).iov_base(MemorySegment.ofAddress(16)).iov_len(2).toString());
    }

    private itimerspec timer(long seconds) {
        itimerspec timer = itimerspec.in(arena);
        timer.it_value().tv_sec(seconds);
        return timer;
    }

    @Test
    void layout_ofEachStruct_hasItsSizeAlignmentAndOffsets() throws Exception {
        int layouts = 0;
        for (Family family : Families.read().families()) {
            for (Struct struct : family.structs()) {
                Class<?> view = Class.forName("dev.linen.syscall.abi." + family.name() + "$" + struct.name());
                StructLayout layout = (StructLayout) view.getMethod("layout").invoke(null);
                assertEquals(view.getField("SIZE").getInt(null), layout.byteSize(), struct.name());
                assertEquals(view.getField("ALIGNMENT").getInt(null), layout.byteAlignment(), struct.name());
                Object filled = view.getConstructor(MemorySegment.class).newInstance(arena.allocate(2000));
                assertTrue(filled.toString().startsWith(struct.name() + "{"), filled.toString());
                layouts++;
            }
        }
        assertTrue(layouts > 80, layouts + " only");
        assertEquals(Views.AARCH64 ? 8 : 4, epoll_event.layout().byteOffset(PathElement.groupElement("data")));
        MemoryLayout pair = MemoryLayout.sequenceLayout(2, epoll_event.layout());
        assertEquals(2L * epoll_event.SIZE, pair.byteSize());
    }

    @Test
    void controlMessages_written_areFoundAgain() {
        MemorySegment control = arena.allocate(2 * Macros.CMSG_SPACE(4), 8);
        cmsghdr first = Macros.CMSG_FIRSTHDR(control).orElseThrow().cmsg_len(Macros.CMSG_LEN(4));
        Macros.CMSG_DATA(first).set(ValueLayout.JAVA_INT, 0, 11);
        cmsghdr second = Macros.CMSG_NXTHDR(control, first).orElseThrow().cmsg_len(Macros.CMSG_LEN(4));
        Macros.CMSG_DATA(second).set(ValueLayout.JAVA_INT, 0, 22);
        assertTrue(Macros.CMSG_NXTHDR(control, second).isEmpty());
        assertEquals(11, control.get(ValueLayout.JAVA_INT, 16));
        assertEquals(22, control.get(ValueLayout.JAVA_INT, 24 + 16));
        assertTrue(Macros.CMSG_FIRSTHDR(control.asSlice(0, 15)).isEmpty());
        assertEquals(4, Macros.CMSG_DATA(first).byteSize());
    }

    @Test
    void offsetof_noSuchField_isRefused() {
        assertEquals(24, Macros.offsetof(itimerspec.layout(), "it_value.tv_nsec"));
        StructLayout timer = itimerspec.layout();
        assertThrows(IllegalArgumentException.class, () -> Macros.offsetof(timer, "it_value.tv_usec"));
        assertThrows(IllegalArgumentException.class, () -> Macros.offsetof(timer, ""));
    }

    @Test
    void jump_tooFar_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> Macros.BPF_JUMP(0, 0, 256, 0));
        assertThrows(IllegalArgumentException.class, () -> Macros.BPF_JUMP(0, 0, 0, -1));
    }
}
