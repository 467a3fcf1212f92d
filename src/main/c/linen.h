/*
 * linen.h: the memory that Java and the native part share.
 *
 * Java fills it before a thread starts and reads it while the thread runs and after it ended; the C beside
 * this file reads it in the thread. jextract turns it into the layouts that Java uses, so that no offset is
 * written down twice. Addresses are uint64_t: to Java they are numbers.
 *
 * Many threads share a piece of memory, a slab; this is where the structs lie in it:
 *
 *   (top)
 *     guard                     no access
 *     ...                       more stack buffers
 *   +-- a thread's stack buffer
 *   | struct linen_exit         result, futex, canary         16 bytes, the last of it
 *   | stack                     grows down from &linen_exit
 *   | guard                     no access                     a stack overflow faults here
 *   | signal stack              grows down
 *   | guard                     no access                     an array overrun on the stack below faults here
 *   +--
 *     struct linen_control[]    a start record for each       packed: a page has nine
 *     struct linen_slab         thread-local block of all     a page that can't be written to
 *     guard                     no access                     libc's thread-local storage would lie here
 *   (bottom)
 *
 * So a thread that sleeps has one page to itself, its stack's top, and what it can reach by overrunning an array is its own.
 */
#ifndef LINEN_H
#define LINEN_H

#include <stdint.h>

/* Goes up with every change to this file or to a function's arguments: Java refuses a library of another one. */
#define LINEN_ABI 7

/* Tells a handle from garbage, as it did in the seed. */
#define LINEN_CANARY 0xDEADBEEF

/* Stands in a linen thread's thread-local block where glibc and musl keep a pointer, which it can't be mistaken
 * for: as an address it isn't canonical. Reads "linen-th" in memory. */
#define LINEN_TLS_MAGIC 0x68742d6e656e696c

/* What a thread is known by: the two topmost dwords of its buffer, and the address of the first. */
struct linen_handle {
    uint32_t futex;  /* the thread's tid while it lives; at the end it is cleared and a waiter is woken, by the kernel
                      * (by Java, for a thread that libc made) */
    uint32_t canary; /* LINEN_CANARY */
};

/* The top of the buffer, and so the top of the stack. */
struct linen_exit {
    uint64_t result; /* what the function returned; valid once the futex is 0 */
    struct linen_handle handle;
};

/*
 * What the thread pointer (%fs on x86-64) points to. libc's block would be far larger. Most of what functions want of it
 * (malloc's cache, errno, locale) lies below the thread pointer: they reach into the guard, and fault there instead of
 * corrupting something. What lies above it (glibc's own record of the thread, such as the owner of a mutex) can be read, but not
 * written; the poison catches those who follow the pointer to it. Nothing here differs from thread to thread.
 */
struct linen_tls {
    uint64_t self;        /* +0x00  its own address: how x86-64 code finds the thread pointer's value */
    uint64_t magic;       /* +0x08  LINEN_TLS_MAGIC */
    uint64_t poison;      /* +0x10  where glibc has a pointer to its record of the thread: LINEN_TLS_MAGIC, no address */
    uint64_t unused[2];   /* +0x18 */
    uint64_t stack_guard; /* +0x28  what gcc's -fstack-protector compares */
};

/* The guard below the thread-local block, in bytes: glibc's static storage, and that of what it loads, reaches down some 4.2 KiB. */
#define LINEN_TLS_GUARD_BYTES (16 << 10)

/* What the threads of a slab have in common. Begins a page, and is read only once Java has filled it in. */
struct linen_slab {
    struct linen_tls tls;
    uint64_t controls;     /* struct linen_control[buffers] */
    uint64_t buffers;      /* how many stack buffers there is room for */
    uint64_t signal_stack; /* lowest address of the first one's signal stack */
    uint64_t buffer_bytes; /* from there to the next one's */
};

/* A system call that a thread issues on itself before it calls its function: its name, its CPUs, its scheduling. */
struct linen_call {
    int64_t number;
    int64_t arguments[5];
};

/*
 * The threads that are about to end and that Java wants to be told of, newest first. A thread puts itself there and wakes
 * who waits for `rung`; Java takes the whole list.
 */
struct linen_exit_list {
    uint64_t first; /* a struct linen_control, or 0 */
    uint32_t rung;  /* goes up with each thread that comes */
    uint32_t unused;
};

#define LINEN_UNWATCHED 0 /* nobody wants to be told of the end */
#define LINEN_WATCHED 1   /* Java wants to be told */
#define LINEN_ENDING 2    /* the thread has looked; who wants to know now, waits for the futex */

#define LINEN_UNAWAITED 0 /* nobody waits for the calls to be done */
#define LINEN_AWAITED 1   /* the creator waits for this word to change */
#define LINEN_READY 2     /* they are done, or one has failed; the tid is in the handle */

/* The si_code with which NativeThread.kill() sends its signal: below 0, as all that don't come from the kernel. */
#define LINEN_KILL (-0x6c696c)

/* As many words as any CPU's struct sigcontext has before its floating point state. */
#define LINEN_REGISTERS 36

/* What a thread was ended by, when it was a signal. */
struct linen_fault {
    uint32_t signal;    /* 0 as long as there was none */
    int32_t code;       /* si_code: SEGV_MAPERR, ..., or LINEN_KILL */
    uint64_t address;   /* si_addr: what the instruction wanted to read or write, or its own address */
    uint64_t registers[LINEN_REGISTERS]; /* the first words of the CPU's struct sigcontext */
};

/*
 * Who handled a signal before linen did, and is called with all that isn't linen's. Two of them: the one that linen replaced
 * last, and the one that was there in the beginning, for whom a handler that came later, and calls linen's in its turn, is
 * not to be asked again.
 */
struct linen_before {
    uint64_t handler;
    uint64_t flags;
    uint64_t first_handler;
    uint64_t first_flags;
};

/* Signals that an instruction can raise are below that number. */
#define LINEN_SIGNALS 32

/* What the thread needs to know, filled in by Java before clone. A multiple of 64 bytes: no two share a cache line. */
struct linen_control {
    uint64_t thread_pointer;     /* the struct linen_slab; 0 for a thread that libc makes */
    uint64_t function;           /* void *(*)(void *) */
    uint64_t argument;           /* its argument */
    uint64_t exit;               /* the struct linen_exit, and the stack pointer to start with: 16-byte aligned */
    uint64_t signal_stack;       /* lowest address of the signal stack */
    uint64_t signal_stack_bytes; /* its size */
    uint64_t setup;              /* struct linen_call[], alive until `ready` is LINEN_READY */
    uint32_t setup_calls;        /* how many */
    uint32_t ready;              /* LINEN_UNAWAITED, LINEN_AWAITED or LINEN_READY */
    int64_t failure;             /* 0, or -errno of a call: then the thread ends without calling its function */
    int64_t failed_call;         /* which one: an index of `setup`, or -1 for sigaltstack */
    uint32_t watch;              /* LINEN_UNWATCHED, LINEN_WATCHED or LINEN_ENDING */
    uint32_t tid;                /* written by Java after clone; by the thread itself, if libc made it */
    uint64_t exit_list;          /* the struct linen_exit_list to go to */
    uint64_t next;               /* the next one on it */
    uint32_t kill;               /* 1 when Java wants the thread to end */
    uint32_t unused;
    struct linen_fault fault;
    uint64_t unused_line[4];
};

#endif
