/*
 * inject.h: what inject.c, which decides about a call, and perform.c, which makes it, share.
 */
#ifndef LINEN_INJECT_H
#define LINEN_INJECT_H

#include "thread.h"
#include <asm/stat.h>
#include <linux/limits.h>
#include <linux/uio.h>

#define SYSCALL(number, a, b, c, d) cpu_syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* UIO_MAXIOV of linux/uio.h, which gcc takes for a type of its own: as many pieces as a call can have. */
#define MOST_PIECES 1024

/* For a path and the end. Not a multiple of any page size: the library's code has none, which a test checks. */
#define PATH_ROOM (PATH_MAX + 8)

/* A file that a call names. */
struct place {
    char path[PATH_ROOM]; /* canonical; "" if it can't be found out */
    struct stat status;  /* valid if it exists */
    int exists;
};

/* A call that a thread of this process waits for. */
struct request {
    struct linen_inject *inject;
    uint64_t id; /* the kernel's name for it */
    int64_t arguments[6];
    long number;
    uint32_t call; /* LINEN_CALL_ */
    uint32_t tid;
    uint32_t supervisor; /* this thread's tid */
    int located; /* whether what follows is valid */
    int apart;   /* whether the caller has descriptors or a working directory of its own */
    struct place places[2];
    uint64_t bytes; /* that a call of the write family wants to write */
    long pieces;    /* of a vectored write: in `vector`; otherwise 0 */
    struct iovec vector[MOST_PIECES];
    uint64_t source; /* where copy_file_range or sendfile reads */
    char name[PATH_ROOM]; /* as the caller wrote it */
};

void locate(struct request *request);
int only_reads(const struct linen_inject *inject, uint32_t call, const int64_t *arguments);
int writes(uint32_t call);
int is_performable(struct request *request);
long perform(struct request *request, uint64_t limit, struct linen_event *event);
void append(struct request *request, struct linen_event *event, uint32_t with_data);
uint64_t nanos(void);

/* Of inject.c, in place of libc's. */
void *memset(void *to, int value, unsigned long bytes);
void *memcpy(void *to, const void *from, unsigned long bytes);

#endif
