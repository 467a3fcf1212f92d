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
#define LINEN_ABI 10

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
    int64_t failed_call;         /* that call: an index of `setup`, or -1 for sigaltstack */
    uint32_t watch;              /* LINEN_UNWATCHED, LINEN_WATCHED or LINEN_ENDING */
    uint32_t tid;                /* written by Java after clone, or by the thread itself if libc created it */
    uint64_t exit_list;          /* the struct linen_exit_list that the thread adds itself to */
    uint64_t next;               /* the next struct linen_control on that list */
    uint32_t kill;               /* 1 if Java wants the thread to end */
    uint32_t unused;
    struct linen_fault fault;
    uint64_t unused_line[4];
};

#endif
