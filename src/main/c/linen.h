/*
 * linen.h: the memory that Java and the native part share.
 *
 * Java fills it in before a thread starts, and reads it while the thread runs and after it has ended. The C code
 * beside this file uses it in the thread. jextract turns it into the layouts that Java uses, so that no offset is
 * written down twice. Addresses are uint64_t: to Java they are numbers.
 *
 * The stacks of many threads are in one piece of memory, a slab. This is where the structs are in it:
 *
 *   (top)
 *     guard                     no access
 *     ...                       more stack buffers
 *   +-- a thread's stack buffer
 *   | struct linen_exit         result, futex, canary         its topmost 16 bytes
 *   | stack                     grows down from &linen_exit
 *   | guard                     no access                     a stack overflow faults here
 *   | signal stack              grows down
 *   | guard                     no access                     an array overrun on the stack below faults here
 *   +--
 *     struct linen_control[]    a start record for each       packed: nine in a page of 4 KiB
 *     thread-local block        shared                        a read-only page, and a guard where libc's thread-local
 *                                                             storage would be: each CPU's tls.h has a drawing
 *   (bottom)
 *
 * A sleeping thread therefore uses one page of its own, the top of its stack, and a thread that overruns an array on
 * its stack reaches nothing but its own memory.
 */
#ifndef LINEN_H
#define LINEN_H

#include <stdint.h>

/*
 * Incremented with every change to this file or to a function's arguments: Java refuses a library with another number.
 */
#define LINEN_ABI 11

/* Distinguishes a handle from garbage. The value is the seed's. */
#define LINEN_CANARY 0xDEADBEEF

/* In a linen thread's thread-local block, this value is where glibc and musl keep a pointer or 0. It can't be mistaken
 * for either: it isn't an address on any CPU, even if the CPU ignores the uppermost byte. It reads "linen-t" in memory,
 * followed by LINEN_ABI: a library handles the threads of every copy of linen with the same structs, and of no
 * other. */
#define LINEN_TLS_MAGIC (0x00742d6e656e696cULL | (0ULL + LINEN_ABI) << 56)

/* Reads "linen-hd" in memory. */
#define LINEN_HANDLER_MAGIC 0x64682d6e656e696c

/* Lies right before the code of linen_handler, so that a copy of linen recognizes the handler of another copy. */
struct linen_mark {
    uint64_t magic; /* LINEN_HANDLER_MAGIC */
    uint64_t abi;   /* LINEN_ABI */
};

/* Identifies a thread: the two topmost dwords of its stack buffer. The handle is the address of the first. */
struct linen_handle {
    uint32_t futex;  /* the thread's tid while it lives. At the thread's end the kernel (Java, if libc created the
                      * thread) clears it and wakes a waiter */
    uint32_t canary; /* LINEN_CANARY */
};

/* The top of the stack buffer, and so the top of the stack. */
struct linen_exit {
    uint64_t result; /* what the function returned; valid once the futex is 0 */
    struct linen_handle handle;
};

/*
 * What the thread pointer points to, the same for all threads, is far smaller than libc's block: struct linen_tls, which
 * differs by CPU. Most of what functions use in libc's block (malloc's cache, errno, locale) is on the side where the
 * guard is: such an access faults there, instead of corrupting memory. What is on the other side (glibc's own record of
 * the thread, such as the owner of a mutex) can be read but not written.
 *
 * The guard's size: the static storage of glibc, and of the libraries that it loads, extends about 4.2 KiB from the
 * thread pointer.
 */
#define LINEN_TLS_GUARD_BYTES (16 << 10)

/* What the threads of a slab share. It is beside their struct linen_tls, in the page that is read-only once Java has
 * filled it in. */
struct linen_slab {
    uint64_t controls;     /* struct linen_control[buffers] */
    uint64_t buffers;      /* the number of stack buffers that fit */
    uint64_t signal_stack; /* lowest address of the first buffer's signal stack */
    uint64_t buffer_bytes; /* the distance to that of the next buffer */
};

/* A system call that a thread makes before it calls its function: to set its name, its CPUs or its scheduling. */
struct linen_call {
    int64_t number;
    int64_t arguments[5];
};

/*
 * The threads that are about to end and that Java watches, newest first. A thread adds itself to the list and wakes the
 * thread that waits on `rung`, which takes the whole list.
 */
struct linen_exit_list {
    uint64_t first; /* a struct linen_control, or 0 */
    uint32_t rung;  /* incremented by each thread that adds itself */
    uint32_t unused;
};

#define LINEN_UNWATCHED 0 /* Java needs no notification of the end */
#define LINEN_WATCHED 1   /* Java is to be notified */
#define LINEN_ENDING 2    /* too late to ask for a notification: wait for the futex instead */

#define LINEN_UNAWAITED 0 /* the creator doesn't wait for the calls */
#define LINEN_AWAITED 1   /* the creator waits for this word to change */
#define LINEN_READY 2     /* the calls have been made, or one has failed; the tid is in the handle */

/*
 * The si_code of the signal that NativeThread.kill() sends: negative, like those of all signals not sent by the kernel.
 */
#define LINEN_KILL (-0x6c696c)

/* At least as many words as the cpu_record of any CPU writes. */
#define LINEN_REGISTERS 36

/* The signal that ended a thread. */
struct linen_fault {
    uint32_t signal;    /* 0 if there was none so far */
    int32_t code;       /* si_code: SEGV_MAPERR, ..., or LINEN_KILL */
    uint64_t address;   /* si_addr: the address that the instruction accessed, or that of the instruction */
    uint64_t registers[LINEN_REGISTERS]; /* the first words of the CPU's struct sigcontext: see cpu_record */
};

/*
 * What the process does on a signal: the kernel's struct sigaction, whose types differ by CPU, but not its layout.
 */
struct linen_action {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

/*
 * The handlers that a signal had before linen's, which are called for every signal that isn't linen's. There are two:
 * the one that linen replaced last, and the very first one. The first one is called if the last one, installed later,
 * calls linen's handler in its turn: to call the last one again would never end.
 */
struct linen_before {
    uint64_t handler;
    uint64_t flags;
    uint64_t first_handler;
    uint64_t first_flags;
};

/* The numbers of the signals that an instruction can raise are below this one. */
#define LINEN_SIGNALS 32

/* What failed, if it isn't one of the calls that Java has prepared. */
#define LINEN_SIGALTSTACK (-1)
#define LINEN_ATTACH (-2) /* attaching the thread to the JVM; `failure` is an error of JNI's, not an errno */

/* TASK_COMM_LEN is 16, with the final 0. In modified UTF-8 four of these bytes can take six. */
#define LINEN_NAME_BYTES 24

/*
 * A thread's start record, filled in by Java before clone. Its size is a multiple of 64 bytes: no two share a cache
 * line.
 */
struct linen_control {
    uint64_t thread_pointer;     /* where it points to in the struct linen_tls; 0 for a thread that libc creates */
    uint64_t function;           /* void *(*)(void *) */
    uint64_t argument;           /* its argument */
    uint64_t exit;               /* the struct linen_exit, and the stack pointer to start with: 16-byte aligned */
    uint64_t signal_stack;       /* lowest address of the signal stack */
    uint64_t signal_stack_bytes; /* its size */
    uint64_t setup;              /* struct linen_call[], valid until `ready` is LINEN_READY */
    uint32_t setup_calls;        /* the number of these calls */
    uint32_t ready;              /* LINEN_UNAWAITED, LINEN_AWAITED or LINEN_READY */
    int64_t failure;             /* 0, or the -errno of a call: then the thread ends without calling its function */
    int64_t failed_call;         /* that call: an index of `setup`, or LINEN_SIGALTSTACK, or LINEN_ATTACH */
    uint32_t watch;              /* LINEN_UNWATCHED, LINEN_WATCHED or LINEN_ENDING */
    uint32_t tid;                /* written by linen_clone after clone, or by the thread itself if libc created it */
    uint64_t exit_list;          /* the struct linen_exit_list that the thread adds itself to */
    uint64_t next;               /* the next struct linen_control on that list */
    uint32_t kill;               /* not 0 if Java wants the thread to end */
    uint32_t unused;
    struct linen_fault fault;
    uint64_t jvm;                /* the JavaVM, if the function is in Java; otherwise 0 */
    char name[LINEN_NAME_BYTES]; /* the name in Java, in modified UTF-8, if the function is in Java */
};

/*
 * inject.c: the system calls that a supervisor sees. A rule names a set of them, by bits.
 */
#define LINEN_CALL_OPEN_TO_READ 0 /* any kind of open that neither writes nor creates */
#define LINEN_CALL_OPEN 1
#define LINEN_CALL_CREAT 2
#define LINEN_CALL_OPENAT 3
#define LINEN_CALL_OPENAT2 4
#define LINEN_CALL_CLOSE 5
#define LINEN_CALL_WRITE 6
#define LINEN_CALL_PWRITE64 7
#define LINEN_CALL_WRITEV 8
#define LINEN_CALL_PWRITEV 9
#define LINEN_CALL_PWRITEV2 10
#define LINEN_CALL_COPY_FILE_RANGE 11
#define LINEN_CALL_SENDFILE 12
#define LINEN_CALL_TRUNCATE 13
#define LINEN_CALL_FTRUNCATE 14
#define LINEN_CALL_FALLOCATE 15
#define LINEN_CALL_FSYNC 16
#define LINEN_CALL_FDATASYNC 17
#define LINEN_CALL_SYNC_FILE_RANGE 18
#define LINEN_CALL_SYNC 19
#define LINEN_CALL_SYNCFS 20
#define LINEN_CALL_RENAME 21
#define LINEN_CALL_RENAMEAT 22
#define LINEN_CALL_RENAMEAT2 23
#define LINEN_CALL_LINK 24
#define LINEN_CALL_LINKAT 25
#define LINEN_CALL_SYMLINK 26
#define LINEN_CALL_SYMLINKAT 27
#define LINEN_CALL_UNLINK 28
#define LINEN_CALL_UNLINKAT 29
#define LINEN_CALL_RMDIR 30
#define LINEN_CALL_MKDIR 31
#define LINEN_CALL_MKDIRAT 32
#define LINEN_CALL_MSYNC 33
#define LINEN_CALL_MMAP 34 /* shared and writable, of a file */
#define LINEN_CALL_IO_URING_SETUP 35
#define LINEN_CALL_CONNECT 36
#define LINEN_CALLS 37

/* What a rule does with a call. */
#define LINEN_ACTION_NONE 0   /* nothing: it counts, or records */
#define LINEN_ACTION_ERRNO 1  /* the call fails with the error `argument` */
#define LINEN_ACTION_HALF 2   /* half of the bytes are written */
#define LINEN_ACTION_BUDGET 3 /* `argument` bytes are written in all; then the calls fail with ENOSPC */
#define LINEN_ACTION_DELAY 4  /* the call is made `argument` nanoseconds later */
#define LINEN_ACTION_FORBID 5 /* the call fails with EPERM and is recorded */
#define LINEN_ACTION_KILL 6   /* the process is killed before the call */

/* Where the file of a call is. */
#define LINEN_ANYWHERE 0
#define LINEN_UNDER 1   /* the folder itself, or below it */
#define LINEN_OUTSIDE 2 /* neither */

#define LINEN_RECORD_NOTHING 0
#define LINEN_RECORD_CALL 1 /* without the data */
#define LINEN_RECORD_DATA 2
#define LINEN_RECORD_OUTPUT 4 /* also what a write that isn't made here is about to write */

/* A rule. Java fills it in, sets `enabled` last, and clears it first. */
struct linen_rule {
    uint32_t enabled;
    uint32_t action;     /* LINEN_ACTION_ */
    uint64_t argument;
    uint64_t calls;      /* bit n: the call LINEN_CALL_ n */
    uint64_t first;      /* the first matching call that it acts on, from 1 */
    uint64_t count;      /* on how many from there; 0: on all */
    int32_t thread;      /* of this tid only; 0: of any */
    int32_t descriptor;  /* on this one only; -1: on any */
    uint32_t where;      /* LINEN_ANYWHERE, LINEN_UNDER or LINEN_OUTSIDE */
    uint32_t recording;  /* LINEN_RECORD_ */
    uint64_t folder;     /* char[], canonical, without a slash at its end */
    uint64_t glob;       /* char[], or 0 */
    uint32_t stack;      /* 1: the caller is held until Java has taken its stack */
    uint32_t unused;
    uint64_t matched;    /* written here: how many calls matched */
    uint64_t fired;      /* on how many it acted */
    uint64_t bytes;      /* of the budget used so far */
};

#define LINEN_RULES 64

/* A call that is put aside, because it is delayed, or until Java has taken the caller's stack. */
struct linen_pending {
    uint64_t state; /* LINEN_PENDING_ plus 4 times the token of the stack, which is 0 if none is asked for: one word,
                     * so that Java can't answer for a later call by mistake */
    uint64_t id;    /* the kernel's name for the notification */
    int64_t arguments[6];
    int64_t number; /* of the system call */
    uint64_t deadline;       /* of the delay, if it is delayed: CLOCK_MONOTONIC, in nanoseconds */
    uint64_t stack_deadline; /* until when Java must have taken the stack */
    uint64_t argument;       /* of the rule's action */
    uint64_t recorded;       /* bits: the rules that record it */
    uint64_t charged;        /* bits: the rules whose budget its bytes are taken from */
    uint32_t call;
    uint32_t action;
    uint32_t rule; /* the one with the action */
    uint32_t with_data;
    uint32_t tid;
    uint32_t unused;
};

#define LINEN_PENDING_FREE 0
#define LINEN_PENDING_HELD 1    /* Java is to take the stack */
#define LINEN_PENDING_SEEN 2    /* Java has taken it, or can't */
#define LINEN_PENDING_DELAYED 3 /* no stack is asked for, or not any more */

#define LINEN_PENDINGS 64

/* Tids whose stacks can't be taken: threads that aren't Java's, or for which Java waited itself. Hashed by tid. */
#define LINEN_STRANGERS 1024

/* A recorded call, in the log. The two paths and the data follow; then up to 7 bytes, so that the next is aligned. */
struct linen_event {
    uint64_t bytes; /* of all that */
    uint32_t call;
    uint32_t flags; /* LINEN_EVENT_ */
    uint32_t tid;
    uint32_t unused;
    uint64_t recorded; /* bits: the rules that record it */
    uint64_t token;    /* of the caller's stack, which Java has taken; or 0 */
    int64_t result;
    uint64_t begin_nanos;
    uint64_t took_nanos;
    int64_t arguments[6];
    uint64_t offset;    /* of the data in the file */
    uint64_t requested; /* bytes that the caller wanted to write */
    uint64_t device;
    uint64_t inode;
    uint64_t other_inode; /* of the file that a rename replaced, or 0 */
    uint64_t path_bytes;
    uint64_t other_path_bytes; /* the new name of a rename or link; the text of a symbolic link */
    uint64_t data_bytes;
};

#define LINEN_EVENT_CREATED 1
#define LINEN_EVENT_TRUNCATED 2
#define LINEN_EVENT_UNNAMED 4
#define LINEN_EVENT_DIRECTORY 8
#define LINEN_EVENT_DSYNC 16
#define LINEN_EVENT_SYNC 32
#define LINEN_EVENT_INJECTED 64   /* the caller didn't get the kernel's result */
#define LINEN_EVENT_UNKNOWN 128   /* the caller made the call itself: the result isn't known */
#define LINEN_EVENT_TO_WRITE 256 /* the descriptor was open for writing */
#define LINEN_EVENT_NO_DATA 512  /* the data could not be copied: the caller freed it, or the source is no file */
#define LINEN_EVENT_APART 1024   /* the caller has descriptors or a working directory of its own */

/* A piece of libc's code: calls from there are seen. It doesn't cross a multiple of 4 GiB. */
struct linen_text {
    uint64_t begin;
    uint64_t end;
};

#define LINEN_TEXTS 8

/* What the first supervisor does when all is ready that a process with a filter needs. */
#define LINEN_GO_WAIT 0
#define LINEN_GO_INSTALL 1
#define LINEN_GO_END 2

/* What Java and the supervisors share. There is one in a process, for the process's life. */
struct linen_inject {
    uint64_t texts;       /* struct linen_text[LINEN_TEXTS], empty ones at the end */
    uint64_t rules;       /* struct linen_rule[LINEN_RULES] */
    uint64_t pending;     /* struct linen_pending[LINEN_PENDINGS] */
    uint64_t strangers;   /* uint32_t[LINEN_STRANGERS] */
    uint64_t predecessor; /* the futex of the supervisor that a new one is to follow; 0: it is the first */
    uint64_t log;         /* the events, from the first on */
    uint64_t log_bytes;   /* its size at most */
    int64_t head;         /* where the next event will be; what is before it is complete */
    uint64_t lost;        /* events that there was no room for, or that weren't seen because of `alone` */
    int32_t listener;     /* the descriptor, or -errno: why there is none */
    int32_t bell;         /* an eventfd: a supervisor looks at what Java wants */
    uint32_t running;     /* futex: 1 once a new supervisor runs and has read `predecessor` */
    uint32_t go;          /* futex: LINEN_GO_ */
    uint32_t installed;   /* futex: 1 once `listener` is valid */
    uint32_t turn;        /* futex: how many supervisors have begun to serve */
    uint32_t wanted;      /* Java increments it and rings */
    uint32_t done;        /* futex: the last `wanted` that was seen with no call in work */
    int32_t poller;       /* an epoll of these two: poll fails if the limit on descriptors is lowered below 2 */
    uint32_t unused;
    int32_t maps;         /* a descriptor of /proc/self/maps: later there may be none left */
    uint32_t held;        /* futex: incremented when there is a stack to take */
    uint32_t process;
    uint32_t rules_used;  /* the highest rule in use, plus 1 */
    uint32_t performing;  /* 1 from the begin of a call that the supervisor makes, until it has answered */
    uint32_t alone;       /* 1: a supervisor ended within a call and has no second yet, so rules aren't read */
    uint64_t serving;     /* the id of the call that was put aside and is now in work, or 0 */
    uint64_t received[10]; /* struct seccomp_notif of another call in work, or 0: the kernel writes it, so that no call
                            * is received whose id a successor doesn't know */
    uint64_t next_token;
    uint64_t notifications; /* all */
    uint64_t foreign;       /* of them, those of other processes: children between fork and exec */
    uint64_t unheld;        /* stacks that weren't taken in time, or for which there was no room */
    uint64_t stack_nanos;   /* for how long a caller is held at most */
    uint64_t log_room;      /* how much of the log there is memory for */
    int64_t log_file;       /* the descriptor of the file that the log is in: it is made longer; or -1 */
};

#endif
