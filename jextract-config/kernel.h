/*
 * The parts of the kernel's ABI that linen uses (UAPI headers only, no libc). The .includes files list what jextract
 * takes.
 */
#include <linux/const.h> /* _BITUL, which prctl.h uses without including it */

/* memory */
#include <linux/mman.h>
#include <linux/memfd.h>
#include <linux/uio.h>
#include <linux/fs.h> /* PROCMAP_QUERY */

/* threads */
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/membarrier.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/auxvec.h>
#include <linux/rseq.h>

/* signals; each needs the one before it */
#include <linux/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

/* seccomp */
#include <linux/seccomp.h>
#include <linux/filter.h>

/* whether addresses are randomized */
#include <linux/personality.h>

/* what clone's flags share; used by the tests only */
#include <linux/sem.h>
#include <linux/ioprio.h>

/* the rest */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/time.h>
#include <linux/time_types.h>
