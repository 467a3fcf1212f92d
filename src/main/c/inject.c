/*
 * inject.c: the supervisor of this process's file and socket calls.
 *
 * A seccomp filter stops each call of a list that libc's code makes, on any thread, and notifies the supervisor: a
 * linen thread that decides, by rules that Java writes into shared memory, how the call ends. It lets it go on, fails
 * it, delays it, or makes it itself: it shares the process's memory, descriptors and working directory, so the effect
 * is the same, and it then knows the data, the result and the order.
 *
 *     a thread                        the supervisor
 *     write(fd, ...) in libc  ---->   receive: which rules match?
 *       waits in the kernel           finish:  fail it | make it, and record it | let it go on
 *     result           <-----------   answer
 *
 * It must be a linen thread, not one of Java's. A thread that waits for the supervisor may be one that all Java threads
 * wait for: the one that collects garbage, and writes to its log file. And its own calls must not be stopped: they
 * aren't, because they are in this library, not in libc.
 *
 * The first supervisor installs the filter itself, so there is no moment at which a call is stopped and nobody
 * receives. A second one waits for its end, in case that it is killed, or faults. It is there before the filter is.
 */
#include "inject.h"
#include <asm/ioctl.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <stddef.h>

/* For older headers; the running kernel may be newer than they are. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 0x20
#endif
#ifndef __NR_epoll_pwait2 /* Linux 5.11, the same number on each CPU */
#define __NR_epoll_pwait2 441
#endif

/* The compiler calls these two, and there is no libc. The empty statement keeps it from calling them in themselves. */
__attribute__((visibility("hidden"))) void *memset(void *to, int value, unsigned long bytes)
{
    for (unsigned long i = 0; i < bytes; i++) {
        ((char *)to)[i] = (char)value;
        __asm__ volatile("" ::: "memory");
    }
    return to;
}

__attribute__((visibility("hidden"))) void *memcpy(void *to, const void *from, unsigned long bytes)
{
    for (unsigned long i = 0; i < bytes; i++) {
        ((char *)to)[i] = ((const char *)from)[i];
        __asm__ volatile("" ::: "memory");
    }
    return to;
}

/* The calls that are stopped. Other CPUs don't have the older ones. mmap is not here: see make_program. */
static const struct {
    uint16_t number;
    uint16_t call;
} seen[] = {
#ifdef __NR_open
    {__NR_open, LINEN_CALL_OPEN},
    {__NR_creat, LINEN_CALL_CREAT},
    {__NR_rename, LINEN_CALL_RENAME},
    {__NR_link, LINEN_CALL_LINK},
    {__NR_symlink, LINEN_CALL_SYMLINK},
    {__NR_unlink, LINEN_CALL_UNLINK},
    {__NR_rmdir, LINEN_CALL_RMDIR},
    {__NR_mkdir, LINEN_CALL_MKDIR},
#endif
#ifdef __NR_renameat
    {__NR_renameat, LINEN_CALL_RENAMEAT},
#endif
    {__NR_openat, LINEN_CALL_OPENAT},
    {__NR_openat2, LINEN_CALL_OPENAT2},
    {__NR_close, LINEN_CALL_CLOSE},
    {__NR_write, LINEN_CALL_WRITE},
    {__NR_pwrite64, LINEN_CALL_PWRITE64},
    {__NR_writev, LINEN_CALL_WRITEV},
    {__NR_pwritev, LINEN_CALL_PWRITEV},
    {__NR_pwritev2, LINEN_CALL_PWRITEV2},
    {__NR_copy_file_range, LINEN_CALL_COPY_FILE_RANGE},
    {__NR_sendfile, LINEN_CALL_SENDFILE},
    {__NR_truncate, LINEN_CALL_TRUNCATE},
    {__NR_ftruncate, LINEN_CALL_FTRUNCATE},
    {__NR_fallocate, LINEN_CALL_FALLOCATE},
    {__NR_fsync, LINEN_CALL_FSYNC},
    {__NR_fdatasync, LINEN_CALL_FDATASYNC},
    {__NR_sync_file_range, LINEN_CALL_SYNC_FILE_RANGE},
    {__NR_sync, LINEN_CALL_SYNC},
    {__NR_syncfs, LINEN_CALL_SYNCFS},
    {__NR_renameat2, LINEN_CALL_RENAMEAT2},
    {__NR_linkat, LINEN_CALL_LINKAT},
    {__NR_symlinkat, LINEN_CALL_SYMLINKAT},
    {__NR_unlinkat, LINEN_CALL_UNLINKAT},
    {__NR_mkdirat, LINEN_CALL_MKDIRAT},
    {__NR_msync, LINEN_CALL_MSYNC},
    {__NR_io_uring_setup, LINEN_CALL_IO_URING_SETUP},
    {__NR_connect, LINEN_CALL_CONNECT},
};

#define SEEN (sizeof seen / sizeof *seen)

/* Whether, and how, a call is to end otherwise than the kernel would end it. */
struct decision {
    uint32_t action;   /* LINEN_ACTION_; a budget is resolved: LINEN_ACTION_HALF with the bytes to write, or _ERRNO */
    uint32_t with_data;
    uint64_t argument;
    uint64_t recorded; /* bits: the rules that record the call */
    uint64_t charged;  /* bits: the rules whose budget its bytes are taken from */
    uint32_t rule;     /* the one that decides, if one does */
    int stack;         /* whether Java is to take the caller's stack before */
    uint64_t token;    /* of that stack, or 0 */
};

uint64_t nanos(void)
{
    struct __kernel_timespec now;
    SYSCALL(__NR_clock_gettime, CLOCK_MONOTONIC, &now, 0, 0);
    return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void wake(uint32_t *word)
{
    SYSCALL(__NR_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT32_MAX, 0);
}

/*
 * The filter: which call is it, and is libc's code making it? The number is asked first, because the kernel then knows
 * once and for all that other calls are allowed, and doesn't run the filter for them.
 *
 * By asking for libc's code, linen's own calls are exempt. So are those of a child process after exec, where libc is
 * at other addresses: a child that outlives this process would otherwise get ENOSYS from each call of the list.
 */
static unsigned short make_program(const struct linen_inject *inject, struct sock_filter *program)
{
#define DATA(field) offsetof(struct seccomp_data, field) /* the lower half of a field: these CPUs are little-endian */
#define ADD(code, value, yes, no) program[length++] = (struct sock_filter){(code), (yes), (no), (uint32_t)(value)}
#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define EQUAL (BPF_JMP | BPF_JEQ | BPF_K)
#define BITS (BPF_JMP | BPF_JSET | BPF_K)
#define LEAST (BPF_JMP | BPF_JGE | BPF_K)
#define ABOVE (BPF_JMP | BPF_JGT | BPF_K)
#define RETURN (BPF_RET | BPF_K)
    unsigned short length = 0;
    ADD(LOAD, DATA(nr), 0, 0);
    for (unsigned i = 0; i < SEEN; i++)
        ADD(EQUAL, seen[i].number, SEEN - 1 - i + 9, 0); /* to libc's code, behind what follows */
    ADD(EQUAL, __NR_mmap, 1, 0);
    ADD(RETURN, SECCOMP_RET_ALLOW, 0, 0);
    ADD(LOAD, DATA(args[3]), 0, 0); /* a shared mapping? */
    ADD(BITS, MAP_SHARED, 0, 4);
    ADD(LOAD, DATA(args[2]), 0, 0); /* that can be written? */
    ADD(BITS, PROT_WRITE, 0, 2);
    ADD(LOAD, DATA(args[4]), 0, 0); /* of a file? -1 is none */
    ADD(EQUAL, -1, 0, 1);
    ADD(RETURN, SECCOMP_RET_ALLOW, 0, 0);
    const struct linen_text *text = (const struct linen_text *)inject->texts;
    for (int i = 0; i < LINEN_TEXTS && text[i].end; i++) {
        ADD(LOAD, DATA(instruction_pointer) + 4, 0, 0);
        ADD(EQUAL, text[i].begin >> 32, 0, 4);
        ADD(LOAD, DATA(instruction_pointer), 0, 0);
        ADD(LEAST, text[i].begin, 0, 2);
        ADD(ABOVE, text[i].end - 1, 1, 0);
        ADD(RETURN, SECCOMP_RET_USER_NOTIF, 0, 0);
    }
    ADD(RETURN, SECCOMP_RET_ALLOW, 0, 0);
    return length;
}

static long add_to_poller(struct linen_inject *inject, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data = (uint32_t)descriptor};
    return SYSCALL(__NR_epoll_ctl, inject->poller, EPOLL_CTL_ADD, descriptor, &event);
}

/*
 * Installs the filter for all threads, those that exist and those to come. Returns the descriptor on which the calls
 * arrive, or -errno.
 */
static long install(struct linen_inject *inject)
{
    struct sock_filter program[SEEN + 10 + 6 * LINEN_TEXTS + 1];
    struct sock_fprog filter = {make_program(inject, program), program};
    long result = SYSCALL(__NR_epoll_create1, O_CLOEXEC, 0, 0, 0);
    inject->poller = (int32_t)result;
    if (result < 0 || (result = add_to_poller(inject, inject->bell)) < 0)
        return result;
    result = SYSCALL(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0); /* otherwise it would need CAP_SYS_ADMIN */
    if (result < 0)
        return result;
    result = SYSCALL(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_TSYNC               /* all threads of the process, */
                       | SECCOMP_FILTER_FLAG_TSYNC_ESRCH   /* or ESRCH: a descriptor can't be a tid as well */
                       | SECCOMP_FILTER_FLAG_NEW_LISTENER  /* the result is the descriptor */
                       | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, /* once received, no signal starts the call again */
                   &filter, 0);
    /* The filter can't be undone: without memory, or above fs.epoll.max_user_watches, the calls that it stops wait. */
    const struct __kernel_timespec moment = {.tv_nsec = 1000000};
    while (result >= 0 && add_to_poller(inject, (int)result) < 0)
        SYSCALL(__NR_nanosleep, &moment, 0, 0, 0);
    return result;
}

static void answer(const struct linen_inject *inject, uint64_t id, long result, uint32_t flags)
{
    int failed = result < 0;
    struct seccomp_notif_resp response = {id, failed ? 0 : result, failed ? (int)result : 0, flags};
    SYSCALL(__NR_ioctl, inject->listener, SECCOMP_IOCTL_NOTIF_SEND, &response, 0);
    /* ENOENT if the caller was killed meanwhile */
}

/* As in a shell: * and ? match no slash, ** does. */
static int matches_glob(const char *glob, const char *text)
{
    const char *star = 0; /* in the glob, behind the last star; and what that doesn't take of the text */
    const char *behind_star = 0;
    const char *stars = 0; /* the same of the last two stars */
    const char *behind_stars = 0;
    while (*text) {
        if (glob[0] == '*' && glob[1] == '*') {
            stars = glob += 2;
            behind_stars = text;
            star = 0;
        } else if (*glob == '*') {
            star = ++glob;
            behind_star = text;
        } else if (*glob == *text || (*glob == '?' && *text != '/')) {
            glob++;
            text++;
        } else if (star && *behind_star != '/') { /* it takes one character more */
            glob = star;
            text = ++behind_star;
        } else if (stars) {
            glob = stars;
            text = ++behind_stars;
            star = 0;
        } else {
            return 0;
        }
    }
    while (*glob == '*')
        glob++;
    return !*glob;
}

/* A glob without a slash is matched with the file's name, another one with the path in the folder. */
static int matches_path(const struct linen_rule *rule, const char *path)
{
    const char *folder = (const char *)rule->folder;
    const char *rest = path;
    while (*folder && *folder == *rest) {
        folder++;
        rest++;
    }
    int under = *path && !*folder && (!*rest || *rest == '/');
    if (rule->where == LINEN_OUTSIDE)
        return *path == '/' && !under; /* a socket or a pipe is in no folder: "pipe:[4711]" */
    if (!under || !rule->glob)
        return under;
    rest += *rest == '/';
    const char *glob = (const char *)rule->glob;
    int slash = 0;
    for (const char *c = glob; *c; c++)
        slash |= *c == '/';
    if (!slash)
        for (const char *c = rest; *c; c++)
            if (*c == '/')
                rest = c + 1;
    return matches_glob(glob, rest);
}

/* sync concerns every folder. An io_uring and a socket are in none, but what records a folder also wants to know. */
static int matches_place(const struct linen_rule *rule, struct request *request)
{
    switch (request->call) {
    case LINEN_CALL_SYNC:
    case LINEN_CALL_SYNCFS:
        return rule->where != LINEN_OUTSIDE;
    case LINEN_CALL_IO_URING_SETUP:
    case LINEN_CALL_CONNECT:
        return rule->where == LINEN_ANYWHERE || rule->recording != LINEN_RECORD_NOTHING;
    }
    if (rule->where == LINEN_ANYWHERE)
        return 1;
    locate(request);
    return matches_path(rule, request->places[0].path) || matches_path(rule, request->places[1].path);
}

static int descriptor_of(const struct request *request)
{
    switch (request->call) {
    case LINEN_CALL_CLOSE:
    case LINEN_CALL_WRITE:
    case LINEN_CALL_PWRITE64:
    case LINEN_CALL_WRITEV:
    case LINEN_CALL_PWRITEV:
    case LINEN_CALL_PWRITEV2:
    case LINEN_CALL_SENDFILE:
    case LINEN_CALL_FTRUNCATE:
    case LINEN_CALL_FALLOCATE:
    case LINEN_CALL_FSYNC:
    case LINEN_CALL_FDATASYNC:
    case LINEN_CALL_SYNC_FILE_RANGE:
    case LINEN_CALL_SYNCFS:
    case LINEN_CALL_CONNECT:
        return (int)request->arguments[0];
    case LINEN_CALL_COPY_FILE_RANGE:
        return (int)request->arguments[2];
    }
    return -1;
}

/* Whether a rule is about this call. Those that cut a write are about writes of files only: others could block here. */
static int matches(const struct linen_rule *rule, struct request *request)
{
    if (!__atomic_load_n(&rule->enabled, __ATOMIC_ACQUIRE) || !(rule->calls >> request->call & 1)
        || (rule->thread && (uint32_t)rule->thread != request->tid))
        return 0;
    if (rule->descriptor >= 0) {
        if (rule->descriptor != descriptor_of(request))
            return 0;
        locate(request);
        if (request->apart) /* the number is another file's there */
            return 0;
    }
    if (rule->action == LINEN_ACTION_HALF || rule->action == LINEN_ACTION_BUDGET) {
        locate(request);
        if (!writes(request->call) || !is_performable(request)
            || request->bytes < (rule->action == LINEN_ACTION_HALF ? 2 : 1))
            return 0;
    }
    return matches_place(rule, request);
}

/*
 * Takes the bytes of a write from a budget. Returns how many it has left for it; UINT64_MAX if the write can be made
 * whole.
 */
static uint64_t charge(struct linen_rule *rule, uint64_t wanted)
{
    uint64_t left = rule->argument - rule->bytes;
    rule->bytes += wanted < left ? wanted : left;
    return wanted <= left ? UINT64_MAX : left;
}

/* Gives back to the budgets what a write didn't write. */
static void refund(struct request *request, const struct decision *decision, int64_t result)
{
    struct linen_rule *rules = (struct linen_rule *)request->inject->rules;
    uint64_t written = result > 0 ? (uint64_t)result : 0;
    for (unsigned i = 0; i < LINEN_RULES; i++)
        if (decision->charged >> i & 1) {
            int cut = decision->action == LINEN_ACTION_HALF && decision->rule == i;
            uint64_t charged = cut ? decision->argument : request->bytes;
            if (charged > written)
                rules[i].bytes -= charged - written < rules[i].bytes ? charged - written : rules[i].bytes;
        }
}

/* Every rule that matches counts. The first that has its turn decides. */
static void decide(struct request *request, struct decision *decision)
{
    struct linen_inject *inject = request->inject;
    struct linen_rule *rules = (struct linen_rule *)inject->rules;
    uint32_t used = __atomic_load_n(&inject->rules_used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < used; i++) {
        struct linen_rule *rule = &rules[i];
        if (!matches(rule, request))
            continue;
        uint64_t hit = rule->matched + 1;
        __atomic_store_n(&rule->matched, hit, __ATOMIC_RELAXED); /* only one supervisor writes it */
        if (rule->recording != LINEN_RECORD_NOTHING) {
            decision->recorded |= 1ULL << i;
            decision->with_data |= rule->recording & (LINEN_RECORD_DATA | LINEN_RECORD_OUTPUT);
            decision->stack |= rule->stack;
        }
        if (rule->action == LINEN_ACTION_NONE || hit < rule->first
            || (rule->count && hit - rule->first >= rule->count))
            continue;
        if (decision->action != LINEN_ACTION_NONE) { /* another rule decides, but what is written counts */
            if (rule->action == LINEN_ACTION_BUDGET && decision->action == LINEN_ACTION_HALF)
                charge(rule, decision->argument);
            else if (rule->action == LINEN_ACTION_BUDGET && decision->action == LINEN_ACTION_DELAY
                     && charge(rule, request->bytes) == UINT64_MAX)
                decision->charged |= 1ULL << i;
            continue;
        }
        uint32_t action = rule->action;
        uint64_t argument = rule->argument;
        if (action == LINEN_ACTION_BUDGET) {
            uint64_t left = charge(rule, request->bytes);
            if (left)
                decision->charged |= 1ULL << i;
            if (left == UINT64_MAX)
                continue;
            action = left ? LINEN_ACTION_HALF : LINEN_ACTION_ERRNO;
            argument = left ? left : ENOSPC;
        } else if (action == LINEN_ACTION_HALF) {
            argument = request->bytes / 2;
        } else if (action == LINEN_ACTION_FORBID) {
            decision->recorded |= 1ULL << i;
            decision->stack = 1;
        }
        decision->action = action;
        decision->argument = argument;
        decision->rule = i;
        __atomic_store_n(&rule->fired, rule->fired + 1, __ATOMIC_RELAXED);
    }
}

/* Ends the caller's wait: makes the call, fails it, or lets the caller make it. */
static void finish(struct request *request, const struct decision *decision)
{
    struct linen_inject *inject = request->inject;
    struct linen_event event;
    memset(&event, 0, sizeof event);
    uint32_t flags = 0;
    if (decision->recorded)
        locate(request);
    if (decision->action == LINEN_ACTION_KILL)
        for (;;)
            SYSCALL(__NR_kill, inject->process, SIGKILL, 0, 0);
    if (decision->action == LINEN_ACTION_ERRNO || decision->action == LINEN_ACTION_FORBID) {
        event.result = decision->action == LINEN_ACTION_FORBID ? -EPERM : -(int64_t)decision->argument;
        event.flags = LINEN_EVENT_INJECTED;
        event.begin_nanos = nanos();
        if (request->call == LINEN_CALL_CLOSE && decision->action == LINEN_ACTION_ERRNO && decision->argument != EBADF
            && is_performable(request)) { /* Linux frees the descriptor whatever close returns */
            __atomic_store_n(&inject->performing, 1, __ATOMIC_RELEASE);
            SYSCALL(__NR_close, request->arguments[0], 0, 0, 0);
        }
    } else if (decision->recorded && request->call == LINEN_CALL_IO_URING_SETUP) {
        event.result = -ENOSYS; /* its writes couldn't be seen */
        event.flags = LINEN_EVENT_INJECTED;
        event.begin_nanos = nanos();
    } else if (decision->action == LINEN_ACTION_HALF
               || ((decision->recorded || decision->charged) && is_performable(request))) {
        uint64_t limit = decision->action == LINEN_ACTION_HALF ? decision->argument : UINT64_MAX;
        __atomic_store_n(&inject->performing, 1, __ATOMIC_RELEASE);
        event.result = perform(request, limit, &event);
    } else {
        event.flags = LINEN_EVENT_UNKNOWN | (request->apart ? LINEN_EVENT_APART : 0);
        event.begin_nanos = nanos();
        flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    if (decision->charged)
        refund(request, decision, event.result);
    if (decision->recorded) {
        event.recorded = decision->recorded;
        event.token = decision->token;
        append(request, &event, decision->with_data);
    }
    answer(inject, request->id, flags ? 0 : event.result, flags);
    __atomic_store_n(&inject->performing, 0, __ATOMIC_RELEASE); /* not before: a successor would have it made again */
}

static int is_stranger(const struct linen_inject *inject, uint32_t tid)
{
    const uint32_t *strangers = (const uint32_t *)inject->strangers;
    return __atomic_load_n(&strangers[tid % LINEN_STRANGERS], __ATOMIC_RELAXED) == tid;
}

/* Java could not take the stack of that thread, maybe because it waits for it: not to be held again, unless it can. */
static void avoid(struct linen_inject *inject, uint32_t tid)
{
    uint32_t *strangers = (uint32_t *)inject->strangers;
    __atomic_store_n(&strangers[tid % LINEN_STRANGERS], tid, __ATOMIC_RELAXED);
}

/* Puts a call aside: other calls must not wait for it. Returns 0 if there is no room. */
static int put_aside(struct request *request, struct decision *decision)
{
    struct linen_inject *inject = request->inject;
    struct linen_pending *pending = (struct linen_pending *)inject->pending;
    int i = 0;
    while (i < LINEN_PENDINGS && __atomic_load_n(&pending[i].state, __ATOMIC_RELAXED) != LINEN_PENDING_FREE)
        i++;
    if (i == LINEN_PENDINGS)
        return 0;
    pending += i;
    uint64_t now = nanos();
    pending->tid = request->tid;
    pending->id = request->id;
    for (int k = 0; k < 6; k++)
        pending->arguments[k] = request->arguments[k];
    pending->deadline = now + decision->argument;
    pending->stack_deadline = now + inject->stack_nanos;
    pending->argument = decision->argument;
    pending->recorded = decision->recorded;
    pending->charged = decision->charged;
    pending->rule = decision->rule;
    pending->call = request->call;
    pending->number = request->number;
    pending->action = decision->action;
    pending->with_data = decision->with_data;
    uint64_t held = decision->stack ? LINEN_PENDING_HELD + 4 * ++inject->next_token : 0;
    __atomic_store_n(&pending->state, held ? held : LINEN_PENDING_DELAYED, __ATOMIC_RELEASE);
    if (held) {
        __atomic_fetch_add(&inject->held, 1, __ATOMIC_RELEASE);
        wake(&inject->held);
    }
    return 1;
}

static uint32_t call_of(const struct linen_inject *inject, long number, const int64_t *arguments)
{
    if (number == __NR_mmap)
        return LINEN_CALL_MMAP;
    for (unsigned i = 0; i < SEEN; i++)
        if (seen[i].number == number)
            return only_reads(inject, seen[i].call, arguments) ? LINEN_CALL_OPEN_TO_READ : seen[i].call;
    return LINEN_CALLS; /* no rule matches that */
}

_Static_assert(sizeof(struct seccomp_notif) == sizeof((struct linen_inject *)0)->received, "its size is fixed");

/*
 * Receives a notification, and finishes it or puts it aside. A signal that ends this thread arrives when the ioctl
 * returns, if not before: then the notification is in `received` already, and the successor answers it.
 */
static void receive(struct linen_inject *inject, struct request *request)
{
    struct seccomp_notif *notification = (struct seccomp_notif *)inject->received; /* zeros, otherwise EINVAL */
    if (SYSCALL(__NR_ioctl, inject->listener, SECCOMP_IOCTL_NOTIF_RECV, notification, 0) < 0)
        return; /* the caller was interrupted before */
    inject->notifications++;
    request->inject = inject;
    request->id = notification->id;
    request->tid = notification->pid;
    request->number = notification->data.nr;
    request->located = 0;
    request->apart = 0;
    for (int i = 0; i < 6; i++)
        request->arguments[i] = (int64_t)notification->data.args[i];
    struct decision decision;
    memset(&decision, 0, sizeof decision);
    if (__atomic_load_n(&inject->rules_used, __ATOMIC_ACQUIRE) == 0) {
        answer(inject, request->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    } else if (__atomic_load_n(&inject->alone, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&inject->lost, inject->lost + 1, __ATOMIC_RELAXED);
        answer(inject, request->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    } else if (SYSCALL(__NR_tgkill, inject->process, request->tid, 0, 0) < 0) {
        inject->foreign++; /* a child that has not called exec yet: its memory and descriptors are its own */
        answer(inject, request->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    } else {
        request->call = call_of(inject, request->number, request->arguments);
        decide(request, &decision);
        if (decision.stack && is_stranger(inject, request->tid))
            decision.stack = 0;
        int aside = decision.stack || decision.action == LINEN_ACTION_DELAY;
        if (!aside || !put_aside(request, &decision)) {
            inject->unheld += aside;
            finish(request, &decision);
        }
    }
    memset(inject->received, 0, sizeof inject->received);
}

/* Takes up a call that was put aside. */
static void resume(struct linen_inject *inject, struct linen_pending *pending, uint64_t state, struct request *request)
{
    request->inject = inject;
    request->id = pending->id;
    request->tid = pending->tid;
    request->number = pending->number;
    request->call = pending->call;
    request->located = 0;
    request->apart = 0;
    for (int k = 0; k < 6; k++)
        request->arguments[k] = pending->arguments[k];
    struct decision decision = {.action = pending->action,
                                .with_data = pending->with_data,
                                .argument = pending->argument,
                                .recorded = pending->recorded,
                                .charged = pending->charged,
                                .rule = pending->rule,
                                .token = state % 4 == LINEN_PENDING_SEEN ? state / 4 : 0};
    __atomic_store_n(&inject->serving, pending->id, __ATOMIC_RELEASE);
    __atomic_store_n(&pending->state, LINEN_PENDING_FREE, __ATOMIC_RELEASE);
    finish(request, &decision);
    __atomic_store_n(&inject->serving, 0, __ATOMIC_RELEASE);
}

static int is_enabled(const struct linen_inject *inject, uint32_t rule)
{
    const struct linen_rule *rules = (const struct linen_rule *)inject->rules;
    return __atomic_load_n(&rules[rule].enabled, __ATOMIC_ACQUIRE) != 0;
}

/* Those of some rules that are still in force: Java may use the slots of the others for other rules. */
static uint64_t still_enabled(const struct linen_inject *inject, uint64_t rules)
{
    for (uint32_t i = 0; i < LINEN_RULES; i++)
        if (rules >> i & 1 && !is_enabled(inject, i))
            rules &= ~(1ULL << i);
    return rules;
}

/*
 * Takes up the calls whose stack has been taken and whose time has come. A call waits for both. Returns the next
 * deadline, or UINT64_MAX.
 */
static uint64_t resume_due(struct linen_inject *inject, struct request *request)
{
    struct linen_pending *pending = (struct linen_pending *)inject->pending;
    uint64_t next = UINT64_MAX;
    uint64_t now = 0;
    for (int i = 0; i < LINEN_PENDINGS; i++, pending++) {
        uint64_t state = __atomic_load_n(&pending->state, __ATOMIC_ACQUIRE);
        if (state == LINEN_PENDING_FREE)
            continue;
        if (!now)
            now = nanos();
        int ended = pending->action != LINEN_ACTION_NONE && !is_enabled(inject, pending->rule);
        if (ended && pending->action == LINEN_ACTION_DELAY) {
            pending->action = LINEN_ACTION_NONE; /* the call is made as soon as its stack has been taken */
            ended = 0;
        }
        uint64_t recorded = still_enabled(inject, pending->recorded);
        int delayed = pending->action == LINEN_ACTION_DELAY && pending->deadline > now;
        if (delayed)
            pending->recorded = recorded; /* those that end now don't have it: it will be made later */
        int held = state % 4 == LINEN_PENDING_HELD && pending->stack_deadline > now && !ended && recorded
                && recorded == pending->recorded;
        pending->charged = still_enabled(inject, pending->charged);
        if (delayed && pending->deadline < next)
            next = pending->deadline;
        if (held && pending->stack_deadline < next)
            next = pending->stack_deadline;
        if (delayed || held)
            continue;
        if (state % 4 == LINEN_PENDING_HELD /* Java may have taken the stack just now: then it counts */
            && __atomic_compare_exchange_n(&pending->state, &state, LINEN_PENDING_DELAYED, 0, __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE)) {
            inject->unheld++;
            if (pending->stack_deadline <= now)
                avoid(inject, pending->tid);
        }
        resume(inject, pending, state, request);
    }
    return next;
}

/* Java has changed rules: no call is in work now that began before. */
static void acknowledge(struct linen_inject *inject, uint32_t wanted)
{
    if (wanted == inject->done)
        return;
    __atomic_store_n(&inject->done, wanted, __ATOMIC_RELEASE);
    wake(&inject->done);
}

/* Receives calls and answers them, until the process ends. */
static void serve(struct linen_inject *inject)
{
    struct request request;
    request.supervisor = (uint32_t)SYSCALL(__NR_gettid, 0, 0, 0, 0);
    for (;;) {
        uint32_t wanted = __atomic_load_n(&inject->wanted, __ATOMIC_ACQUIRE); /* first: rules may end meanwhile */
        uint64_t next = resume_due(inject, &request); /* before Java may use a closed rule's slot again */
        acknowledge(inject, wanted);
        struct __kernel_timespec timeout = {0, 0};
        if (next != UINT64_MAX) {
            uint64_t now = nanos();
            uint64_t left = next > now ? next - now : 0;
            timeout.tv_sec = left / 1000000000;
            timeout.tv_nsec = left % 1000000000;
        }
        struct epoll_event from[2];
        long count = SYSCALL(__NR_epoll_pwait2, inject->poller, from, 2, next == UINT64_MAX ? 0 : &timeout);
        for (long i = 0; i < count; i++) {
            uint64_t rung;
            if (from[i].data == (uint32_t)inject->bell)
                SYSCALL(__NR_read, inject->bell, &rung, sizeof rung, 0);
            else if (from[i].events & EPOLLIN)
                receive(inject, &request);
        }
    }
}

/*
 * Ends the wait of a thread whose call the predecessor was about to answer when it ended. Where it had begun to make
 * the call, that may have happened or not: EIO says so. Otherwise the thread makes the call itself. The predecessor may
 * have faulted over a rule, and so would this one: it lets all calls go on until Java has started a second one, which
 * needs such calls.
 */
static void take_over(struct linen_inject *inject)
{
    struct linen_pending *pending = (struct linen_pending *)inject->pending;
    uint64_t id = inject->serving ? inject->serving : inject->received[0];
    if (!id)
        return;
    for (int i = 0; i < LINEN_PENDINGS; i++) /* it may just have been put aside, or taken up: not to be made twice */
        if (pending[i].id == id)
            __atomic_store_n(&pending[i].state, LINEN_PENDING_FREE, __ATOMIC_RELEASE);
    int begun = __atomic_exchange_n(&inject->performing, 0, __ATOMIC_ACQ_REL);
    __atomic_store_n(&inject->alone, !begun, __ATOMIC_RELEASE);
    if (__atomic_load_n(&inject->rules_used, __ATOMIC_ACQUIRE)) /* it isn't recorded, though it may have been made */
        __atomic_store_n(&inject->lost, inject->lost + 1, __ATOMIC_RELAXED);
    answer(inject, id, begun ? -EIO : 0, begun ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    inject->serving = 0;
    memset(inject->received, 0, sizeof inject->received);
}

/*
 * A supervisor: void *(*)(void *) for a linen thread. The first one installs the filter when Java says so. Each further
 * one waits until its predecessor has ended: the kernel clears that thread's futex and wakes this one.
 */
EXPORT void *linen_supervise(struct linen_inject *inject)
{
    uint32_t *predecessor = (uint32_t *)inject->predecessor;
    if (predecessor)
        __atomic_store_n(&inject->alone, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&inject->running, 1, __ATOMIC_RELEASE);
    wake(&inject->running);
    if (!predecessor) {
        while (__atomic_load_n(&inject->go, __ATOMIC_ACQUIRE) == LINEN_GO_WAIT)
            SYSCALL(__NR_futex, &inject->go, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, LINEN_GO_WAIT, 0);
        if (__atomic_load_n(&inject->go, __ATOMIC_ACQUIRE) == LINEN_GO_INSTALL)
            inject->listener = (int32_t)install(inject);
        __atomic_store_n(&inject->installed, 1, __ATOMIC_RELEASE);
        wake(&inject->installed);
    } else {
        uint32_t tid;
        while ((tid = __atomic_load_n(predecessor, __ATOMIC_ACQUIRE)) != 0)
            SYSCALL(__NR_futex, predecessor, FUTEX_WAIT, tid, 0); /* not private: the kernel's wake isn't */
    }
    if (inject->listener < 0)
        return 0;
    if (predecessor)
        take_over(inject);
    __atomic_store_n(&inject->turn, inject->turn + 1, __ATOMIC_RELEASE); /* its memory may be freed */
    wake(&inject->turn);
    serve(inject);
    return 0;
}
