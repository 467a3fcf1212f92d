package dev.linen.syscall.abi;

import static dev.linen.syscall.abi.Fcntl.S_IFBLK;
import static dev.linen.syscall.abi.Fcntl.S_IFCHR;
import static dev.linen.syscall.abi.Fcntl.S_IFDIR;
import static dev.linen.syscall.abi.Fcntl.S_IFIFO;
import static dev.linen.syscall.abi.Fcntl.S_IFLNK;
import static dev.linen.syscall.abi.Fcntl.S_IFMT;
import static dev.linen.syscall.abi.Fcntl.S_IFREG;
import static dev.linen.syscall.abi.Fcntl.S_IFSOCK;
import static dev.linen.syscall.abi.Ioctl._IOC_DIRMASK;
import static dev.linen.syscall.abi.Ioctl._IOC_DIRSHIFT;
import static dev.linen.syscall.abi.Ioctl._IOC_NONE;
import static dev.linen.syscall.abi.Ioctl._IOC_NRMASK;
import static dev.linen.syscall.abi.Ioctl._IOC_NRSHIFT;
import static dev.linen.syscall.abi.Ioctl._IOC_READ;
import static dev.linen.syscall.abi.Ioctl._IOC_SIZEMASK;
import static dev.linen.syscall.abi.Ioctl._IOC_SIZESHIFT;
import static dev.linen.syscall.abi.Ioctl._IOC_TYPEMASK;
import static dev.linen.syscall.abi.Ioctl._IOC_TYPESHIFT;
import static dev.linen.syscall.abi.Ioctl._IOC_WRITE;
import static dev.linen.syscall.abi.Sched.IOPRIO_CLASS_SHIFT;
import static dev.linen.syscall.abi.Sched.IOPRIO_PRIO_MASK;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.ByteOrder;
import java.util.Optional;


import dev.linen.syscall.abi.Socket.cmsghdr;

/**
 * The macros with parameters that calls need, under their names in C.
 *
 * <p>Written by hand: the headers define them by expressions. The tests compare each with the C compiler's result.
 */
public final class Macros {

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** How many bits of a device number's minor part come before the major part. */
    private static final int MINOR_LOW_BITS = 8;

    /** A status of wait4: the signal in the lower seven bits, then whether there is a core, then the exit value. */
    private static final int SIGNAL_MASK = 0x7f;
    private static final int CORE_FLAG = 0x80;
    private static final int CONTINUED = 0xffff;
    private static final int BYTE_MASK = 0xff;

    private Macros() {}

    // linux/ioctl.h

    /**
     * Makes a number for ioctl.
     *
     * @param dir _IOC_NONE, _IOC_READ, _IOC_WRITE or both
     * @param type the driver's letter
     * @param nr the operation
     * @param size the bytes that the argument points to
     * @return the number
     */
    public static int _IOC(int dir, int type, int nr, int size) {
        return dir << _IOC_DIRSHIFT | type << _IOC_TYPESHIFT | nr << _IOC_NRSHIFT | size << _IOC_SIZESHIFT;
    }

    /**
     * Makes the number of an operation without data.
     *
     * @param type the driver's letter
     * @param nr the operation
     * @return the number
     */
    public static int _IO(int type, int nr) {
        return _IOC(_IOC_NONE, type, nr, 0);
    }

    /**
     * Makes the number of an operation that the program reads from.
     *
     * @param type the driver's letter
     * @param nr the operation
     * @param size the size of what the argument points to; C has the type instead
     * @return the number
     */
    public static int _IOR(int type, int nr, int size) {
        return _IOC(_IOC_READ, type, nr, size);
    }

    /**
     * Makes the number of an operation that the program writes to.
     *
     * @param type the driver's letter
     * @param nr the operation
     * @param size the size of what the argument points to; C has the type instead
     * @return the number
     */
    public static int _IOW(int type, int nr, int size) {
        return _IOC(_IOC_WRITE, type, nr, size);
    }

    /**
     * Makes the number of an operation that the program writes to and reads from.
     *
     * @param type the driver's letter
     * @param nr the operation
     * @param size the size of what the argument points to; C has the type instead
     * @return the number
     */
    public static int _IOWR(int type, int nr, int size) {
        return _IOC(_IOC_READ | _IOC_WRITE, type, nr, size);
    }

    /**
     * Returns the direction in a number for ioctl.
     *
     * @param number the number
     * @return _IOC_NONE, _IOC_READ, _IOC_WRITE or both
     */
    public static int _IOC_DIR(int number) {
        return number >>> _IOC_DIRSHIFT & _IOC_DIRMASK;
    }

    /**
     * Returns the driver's letter in a number for ioctl.
     *
     * @param number the number
     * @return the letter
     */
    public static int _IOC_TYPE(int number) {
        return number >>> _IOC_TYPESHIFT & _IOC_TYPEMASK;
    }

    /**
     * Returns the operation in a number for ioctl.
     *
     * @param number the number
     * @return the operation
     */
    public static int _IOC_NR(int number) {
        return number >>> _IOC_NRSHIFT & _IOC_NRMASK;
    }

    /**
     * Returns the size in a number for ioctl.
     *
     * @param number the number
     * @return the bytes that the argument points to
     */
    public static int _IOC_SIZE(int number) {
        return number >>> _IOC_SIZESHIFT & _IOC_SIZEMASK;
    }

    // stddef.h

    /**
     * Returns where a field of a struct is.
     *
     * @param layout the struct: {@code seccomp_data.layout()}; C has the type instead
     * @param field the field's name; that of a field in a field after a point: {@code "it_value.tv_sec"}
     * @return the bytes before it
     * @throws IllegalArgumentException if there is no such field; of bit fields only the integer has a name
     */
    public static int offsetof(StructLayout layout, String field) {
        return (int) Views.offset(layout, field)
                .orElseThrow(() -> new IllegalArgumentException("no field '" + field + "' in " + layout));
    }

    // linux/filter.h

    /**
     * Makes an instruction of a classic program: its 8 bytes in memory, a {@code struct sock_filter}, as a long. An
     * array of them is a program: {@code arena.allocateFrom(JAVA_LONG, BPF_STMT(…), BPF_JUMP(…))}.
     *
     * @param code BPF_RET | BPF_K and the like
     * @param k the operand
     * @return the instruction
     */
    public static long BPF_STMT(int code, int k) {
        return BPF_JUMP(code, k, 0, 0);
    }

    /**
     * Makes a jump of a classic program, like {@link #BPF_STMT}.
     *
     * @param code BPF_JMP | BPF_JEQ | BPF_K and the like
     * @param k the operand
     * @param jt how many instructions to skip if the condition holds, from 0 to 255
     * @param jf how many instructions to skip if it doesn't
     * @return the instruction
     * @throws IllegalArgumentException if a distance has more than 8 bits
     */
    public static long BPF_JUMP(int code, int k, int jt, int jf) {
        if ((jt | jf) >>> Byte.SIZE != 0) {
            throw new IllegalArgumentException("a jump goes from 0 to 255 instructions forward: " + jt + ", " + jf);
        }
        long operand = Integer.toUnsignedLong(k);
        return LITTLE_ENDIAN
                ? (code & 0xffffL) | (long) jt << 16 | (long) jf << 24 | operand << 32
                : (code & 0xffffL) << 48 | (long) jt << 40 | (long) jf << 32 | operand;
    }

    // sys/socket.h

    /**
     * Rounds a size up to a multiple of a long's size.
     *
     * @param bytes the size
     * @return the rounded size
     */
    public static long CMSG_ALIGN(long bytes) {
        return (bytes + Long.BYTES - 1) & -Long.BYTES;
    }

    /**
     * Returns what belongs into cmsg_len.
     *
     * @param bytes the size of the data
     * @return the size of the header and the data
     */
    public static long CMSG_LEN(long bytes) {
        return CMSG_ALIGN(cmsghdr.SIZE) + bytes;
    }

    /**
     * Returns how much room a control message takes.
     *
     * @param bytes the size of its data
     * @return the size of the header, the data and the padding
     */
    public static long CMSG_SPACE(long bytes) {
        return CMSG_ALIGN(cmsghdr.SIZE) + CMSG_ALIGN(bytes);
    }

    /**
     * Returns the first control message.
     *
     * @param control the memory of msg_control, as long as msg_controllen says; C has the msghdr instead
     * @return the message; empty if there is none
     */
    public static Optional<cmsghdr> CMSG_FIRSTHDR(MemorySegment control) {
        return control.byteSize() < cmsghdr.SIZE ? Optional.empty() : Optional.of(new cmsghdr(control));
    }

    /**
     * Returns the control message after another.
     *
     * @param control what CMSG_FIRSTHDR got
     * @param header the message before
     * @return the next message; empty if there is none, or if a length is wrong
     */
    public static Optional<cmsghdr> CMSG_NXTHDR(MemorySegment control, cmsghdr header) {
        long start = header.segment().address() - control.address();
        long length = header.cmsg_len();
        if (length < cmsghdr.SIZE || length > control.byteSize() - start) {
            return Optional.empty();
        }
        long next = start + CMSG_ALIGN(length);
        return next + cmsghdr.SIZE > control.byteSize()
                ? Optional.empty()
                : Optional.of(new cmsghdr(control.asSlice(next)));
    }

    /**
     * Returns a control message's data.
     *
     * @param header the message
     * @return the data, as long as cmsg_len says
     */
    public static MemorySegment CMSG_DATA(cmsghdr header) {
        long start = CMSG_ALIGN(cmsghdr.SIZE);
        return header.segment().asSlice(start, header.cmsg_len() - start);
    }

    // arpa/inet.h

    /**
     * Puts a 16-bit number into network byte order.
     *
     * @param number the number, from 0 to 65,535
     * @return the number whose bytes in memory are in network byte order, from 0 to 65,535
     */
    public static int htons(int number) {
        return Short.toUnsignedInt(LITTLE_ENDIAN ? Short.reverseBytes((short) number) : (short) number);
    }

    /**
     * Takes a 16-bit number out of network byte order.
     *
     * @param number the number as it is in memory
     * @return the number, from 0 to 65,535
     */
    public static int ntohs(int number) {
        return htons(number);
    }

    /**
     * Puts a 32-bit number into network byte order.
     *
     * @param number the number
     * @return the number whose bytes in memory are in network byte order
     */
    public static int htonl(int number) {
        return LITTLE_ENDIAN ? Integer.reverseBytes(number) : number;
    }

    /**
     * Takes a 32-bit number out of network byte order.
     *
     * @param number the number as it is in memory
     * @return the number
     */
    public static int ntohl(int number) {
        return htonl(number);
    }

    // sys/wait.h

    /**
     * Returns whether a process has exited.
     *
     * @param status what wait4 wrote
     * @return whether WEXITSTATUS has a meaning
     */
    public static boolean WIFEXITED(int status) {
        return WTERMSIG(status) == 0;
    }

    /**
     * Returns a process's exit value.
     *
     * @param status what wait4 wrote
     * @return the value, from 0 to 255
     */
    public static int WEXITSTATUS(int status) {
        return status >>> Byte.SIZE & BYTE_MASK;
    }

    /**
     * Returns whether a signal has ended a process.
     *
     * @param status what wait4 wrote
     * @return whether WTERMSIG has a meaning
     */
    public static boolean WIFSIGNALED(int status) {
        return WTERMSIG(status) != 0 && WTERMSIG(status) != SIGNAL_MASK;
    }

    /**
     * Returns the signal that has ended a process.
     *
     * @param status what wait4 wrote
     * @return the signal
     */
    public static int WTERMSIG(int status) {
        return status & SIGNAL_MASK;
    }

    /**
     * Returns whether a process has left a core.
     *
     * @param status what wait4 wrote
     * @return whether there is a core
     */
    public static boolean WCOREDUMP(int status) {
        return (status & CORE_FLAG) != 0;
    }

    /**
     * Returns whether a process is stopped.
     *
     * @param status what wait4 wrote
     * @return whether WSTOPSIG has a meaning
     */
    public static boolean WIFSTOPPED(int status) {
        return (status & BYTE_MASK) == SIGNAL_MASK;
    }

    /**
     * Returns the signal that has stopped a process.
     *
     * @param status what wait4 wrote
     * @return the signal
     */
    public static int WSTOPSIG(int status) {
        return WEXITSTATUS(status);
    }

    /**
     * Returns whether a stopped process goes on.
     *
     * @param status what wait4 wrote
     * @return whether SIGCONT came
     */
    public static boolean WIFCONTINUED(int status) {
        return status == CONTINUED;
    }

    // sys/stat.h

    /**
     * Returns whether a mode is that of a regular file.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISREG(int mode) {
        return (mode & S_IFMT) == S_IFREG;
    }

    /**
     * Returns whether a mode is that of a directory.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISDIR(int mode) {
        return (mode & S_IFMT) == S_IFDIR;
    }

    /**
     * Returns whether a mode is that of a symbolic link.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISLNK(int mode) {
        return (mode & S_IFMT) == S_IFLNK;
    }

    /**
     * Returns whether a mode is that of a character device.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISCHR(int mode) {
        return (mode & S_IFMT) == S_IFCHR;
    }

    /**
     * Returns whether a mode is that of a block device.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISBLK(int mode) {
        return (mode & S_IFMT) == S_IFBLK;
    }

    /**
     * Returns whether a mode is that of a pipe.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISFIFO(int mode) {
        return (mode & S_IFMT) == S_IFIFO;
    }

    /**
     * Returns whether a mode is that of a socket.
     *
     * @param mode st_mode
     * @return whether it is
     */
    public static boolean S_ISSOCK(int mode) {
        return (mode & S_IFMT) == S_IFSOCK;
    }

    // sys/sysmacros.h

    /**
     * Makes a device number.
     *
     * @param major the driver, 32 bits
     * @param minor the device, 32 bits
     * @return the number as libc has it, 64 bits. The kernel's calls take 32: 12 of major and 20 of minor
     */
    public static long makedev(int major, int minor) {
        return (major & 0xfffL) << MINOR_LOW_BITS | (major & 0xffff_f000L) << 32
                | (minor & 0xffL) | (minor & 0xffff_ff00L) << 12;
    }

    /**
     * Returns a device number's driver.
     *
     * @param device st_dev or st_rdev
     * @return the driver
     */
    public static int major(long device) {
        return (int) ((device >>> MINOR_LOW_BITS & 0xfff) | (device >>> 32 & 0xffff_f000L));
    }

    /**
     * Returns a device number's device.
     *
     * @param device st_dev or st_rdev
     * @return the device
     */
    public static int minor(long device) {
        return (int) ((device & 0xff) | (device >>> 12 & 0xffff_ff00L));
    }

    // linux/ioprio.h, linux/capability.h, linux/futex.h

    /**
     * Makes a priority for ioprio_set.
     *
     * @param ioClass IOPRIO_CLASS_BE and the like
     * @param level the level in the class: 0 comes first, 7 last
     * @return the priority
     */
    public static int IOPRIO_PRIO_VALUE(int ioClass, int level) {
        return ioClass << IOPRIO_CLASS_SHIFT | (level & IOPRIO_PRIO_MASK);
    }

    /**
     * Returns the class of a priority.
     *
     * @param priority what ioprio_get returned
     * @return IOPRIO_CLASS_BE and the like
     */
    public static int IOPRIO_PRIO_CLASS(int priority) {
        return priority >>> IOPRIO_CLASS_SHIFT & Sched.IOPRIO_CLASS_MASK;
    }

    /**
     * Returns which cap_data of the two has a capability.
     *
     * @param capability CAP_SYS_ADMIN and the like
     * @return 0 or 1
     */
    public static int CAP_TO_INDEX(int capability) {
        return capability / Integer.SIZE;
    }

    /**
     * Returns a capability's bit in its cap_data.
     *
     * @param capability CAP_SYS_ADMIN and the like
     * @return a number with that bit
     */
    public static int CAP_TO_MASK(int capability) {
        return 1 << capability % Integer.SIZE;
    }

    /**
     * Makes the last argument of FUTEX_WAKE_OP.
     *
     * @param op FUTEX_OP_ADD and the like
     * @param oparg its operand, 12 bits
     * @param cmp FUTEX_OP_CMP_EQ and the like
     * @param cmparg what is compared, 12 bits
     * @return the argument
     */
    public static int FUTEX_OP(int op, int oparg, int cmp, int cmparg) {
        return (op & 0xf) << 28 | (cmp & 0xf) << 24 | (oparg & 0xfff) << 12
                | (cmparg & 0xfff);
    }
}
