/*
 * The kernel's user headers that dev.linen.syscall.abi is made from: no libc. Some need the one before them.
 */
#include <linux/const.h>
#include <linux/types.h>
typedef __kernel_size_t size_t; /* some ioctl numbers contain its size */

/* files */
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <asm/stat.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/fadvise.h>
#include <linux/xattr.h>
#include <linux/close_range.h>
#include <linux/fiemap.h>
#include <linux/uio.h>
#include <asm/statfs.h>
#include <linux/mount.h>
#include <linux/magic.h>

/* memory */
#include <linux/mman.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <linux/membarrier.h>
#include <linux/userfaultfd.h>

/* processes and threads */
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/futex.h>
#include <linux/rseq.h>
#include <linux/resource.h>
#include <linux/wait.h>
#include <linux/pidfd.h>
#include <linux/kcmp.h>
#include <linux/prctl.h>
#if __has_include(<asm/prctl.h>) /* arch_prctl: x86 only */
#include <asm/prctl.h>
#endif
#include <linux/ptrace.h>
#include <linux/capability.h>
#include <linux/auxvec.h>
#include <linux/personality.h>
#include <linux/utsname.h>
#include <linux/sysinfo.h>
#include <linux/reboot.h>
#include <linux/random.h>
#include <linux/nsfs.h>
#include <linux/times.h>

/* signals */
#include <linux/signal.h>
#include <linux/signalfd.h>

/* time */
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/timerfd.h>
#include <linux/timex.h>

/* waiting for descriptors */
#include <linux/eventpoll.h>
#include <linux/eventfd.h>
#include <linux/poll.h>
#include <linux/inotify.h>
#include <linux/fanotify.h>

/* sockets */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

/* sandboxes */
#include <linux/landlock.h>
#include <linux/audit.h>
#include <asm/unistd.h> /* __X32_SYSCALL_BIT */
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <linux/bpf.h>

/* observation, asynchronous input and output */
#include <linux/perf_event.h>
#include <linux/io_uring.h>
#include <linux/aio_abi.h>
#include <linux/ioprio.h>

/* System V, POSIX queues, keys */
#include <linux/ipc.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/msg.h>
#include <linux/mqueue.h>
#include <linux/keyctl.h>

/* devices */
#include <asm/ioctls.h>
#include <asm/termios.h>
