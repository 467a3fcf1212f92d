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
 * receives. A second one waits for its end, in case that it is killed, or faults.
 */
#include "inject.h"
#include <asm/ioctl.h>
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <stddef.h>

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

/*
 * Installs the filter for all threads, those that exist and those to come. Returns the descriptor on which the calls
 * arrive, or -errno.
 */
static long install(struct linen_inject *inject)
{
    struct sock_filter program[SEEN + 10 + 6 * LINEN_TEXTS + 1];
    struct sock_fprog filter = {make_program(inject, program), program};
    long result = SYSCALL(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0); /* otherwise it would need CAP_SYS_ADMIN */
    if (result < 0)
        return result;
    return SYSCALL(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_TSYNC               /* all threads of the process, */
                       | SECCOMP_FILTER_FLAG_TSYNC_ESRCH   /* or ESRCH: a descriptor can't be a tid as well */
                       | SECCOMP_FILTER_FLAG_NEW_LISTENER  /* the result is the descriptor */
                       | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, /* once received, no signal starts the call again */
                   &filter, 0);
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
        return *path && !under;
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
        || (rule->thread && (uint32_t)rule->thread != request->tid)
        || (rule->descriptor >= 0 && rule->descriptor != descriptor_of(request)))
        return 0;
    if (rule->action == LINEN_ACTION_HALF || rule->action == LINEN_ACTION_BUDGET) {
        locate(request);
        if (!writes(request->call) || !is_performable(request)
            || request->bytes < (rule->action == LINEN_ACTION_HALF ? 2 : 1))
            return 0;
    }
    return matches_place(rule, request);
}

/* How many bytes of the budget are left for a write; more than it has if it can be written whole. */
static uint64_t left_of(struct linen_rule *rule, uint64_t wanted)
{
    uint64_t left = rule->argument - rule->bytes;
    rule->bytes += wanted < left ? wanted : left;
    return wanted <= left ? UINT64_MAX : left;
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
        if (rule->action == LINEN_ACTION_NONE || decision->action != LINEN_ACTION_NONE || hit < rule->first
            || (rule->count && hit - rule->first >= rule->count))
            continue;
        uint32_t action = rule->action;
        uint64_t argument = rule->argument;
        if (action == LINEN_ACTION_BUDGET) {
            uint64_t left = left_of(rule, request->bytes);
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
    event.begin_nanos = nanos();
    if (decision->action == LINEN_ACTION_KILL)
        for (;;)
            SYSCALL(__NR_kill, inject->process, SIGKILL, 0, 0);
    if (decision->action == LINEN_ACTION_ERRNO || decision->action == LINEN_ACTION_FORBID) {
        event.result = decision->action == LINEN_ACTION_FORBID ? -EPERM : -(int64_t)decision->argument;
        event.flags = LINEN_EVENT_INJECTED;
    } else if (decision->recorded && request->call == LINEN_CALL_IO_URING_SETUP) {
        event.result = -ENOSYS; /* its writes couldn't be seen */
        event.flags = LINEN_EVENT_INJECTED;
    } else if (decision->action == LINEN_ACTION_HALF || (decision->recorded && is_performable(request))) {
        uint64_t limit = decision->action == LINEN_ACTION_HALF ? decision->argument : UINT64_MAX;
        __atomic_store_n(&inject->performing, 1, __ATOMIC_RELEASE);
        event.result = perform(request, limit, &event);
    } else {
        event.flags = LINEN_EVENT_UNKNOWN;
        flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
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
    int delayed = decision->action == LINEN_ACTION_DELAY;
    pending->tid = request->tid;
    pending->id = request->id;
    for (int k = 0; k < 6; k++)
        pending->arguments[k] = request->arguments[k];
    pending->deadline = nanos() + (delayed ? decision->argument : inject->stack_nanos);
    pending->argument = delayed ? decision->rule : decision->argument;
    pending->recorded = decision->recorded;
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

/* Receives a notification, and finishes it or puts it aside. */
static void receive(struct linen_inject *inject, struct request *request)
{
    struct seccomp_notif notification;
    memset(&notification, 0, sizeof notification); /* otherwise EINVAL */
    if (SYSCALL(__NR_ioctl, inject->listener, SECCOMP_IOCTL_NOTIF_RECV, &notification, 0) < 0)
        return; /* the caller was interrupted before */
    __atomic_store_n(&inject->serving, notification.id, __ATOMIC_RELEASE);
    inject->notifications++;
    request->inject = inject;
    request->id = notification.id;
    request->tid = notification.pid;
    request->number = notification.data.nr;
    request->located = 0;
    for (int i = 0; i < 6; i++)
        request->arguments[i] = (int64_t)notification.data.args[i];
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
    __atomic_store_n(&inject->serving, 0, __ATOMIC_RELEASE);
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
    for (int k = 0; k < 6; k++)
        request->arguments[k] = pending->arguments[k];
    struct decision decision = {.action = pending->action,
                                .with_data = pending->with_data,
                                .argument = pending->argument,
                                .recorded = pending->recorded,
                                .token = state % 4 == LINEN_PENDING_SEEN ? state / 4 : 0};
    __atomic_store_n(&inject->serving, pending->id, __ATOMIC_RELEASE);
    __atomic_store_n(&pending->state, LINEN_PENDING_FREE, __ATOMIC_RELEASE);
    finish(request, &decision);
    __atomic_store_n(&inject->serving, 0, __ATOMIC_RELEASE);
}

/* Those of the rules that record a call which are still in force. */
static uint64_t still_recorded(const struct linen_rule *rules, uint64_t recorded)
{
    for (int i = 0; i < LINEN_RULES; i++)
        if (recorded >> i & 1 && !__atomic_load_n(&rules[i].enabled, __ATOMIC_ACQUIRE))
            recorded &= ~(1ULL << i);
    return recorded;
}

/* Takes up the calls whose stack has been taken, or whose time has come. Returns the next deadline, or UINT64_MAX. */
static uint64_t resume_due(struct linen_inject *inject, struct request *request)
{
    struct linen_pending *pending = (struct linen_pending *)inject->pending;
    const struct linen_rule *rules = (const struct linen_rule *)inject->rules;
    uint64_t next = UINT64_MAX;
    uint64_t now = 0;
    for (int i = 0; i < LINEN_PENDINGS; i++, pending++) {
        uint64_t state = __atomic_load_n(&pending->state, __ATOMIC_ACQUIRE);
        if (state == LINEN_PENDING_FREE)
            continue;
        if (!now)
            now = nanos();
        uint64_t recorded = still_recorded(rules, pending->recorded);
        int ended; /* Java may use the slot of a rule that has ended for another rule */
        if (pending->action == LINEN_ACTION_DELAY) {
            ended = !__atomic_load_n(&rules[pending->argument].enabled, __ATOMIC_ACQUIRE);
            pending->recorded = recorded;
        } else {
            ended = recorded != pending->recorded;
        }
        int late = pending->deadline <= now;
        int due = late || ended;
        if (due && state % 4 == LINEN_PENDING_HELD /* Java may have taken the stack just now: then it counts */
            && __atomic_compare_exchange_n(&pending->state, &state, LINEN_PENDING_DELAYED, 0, __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE)) {
            inject->unheld++;
            if (late)
                avoid(inject, pending->tid);
        }
        if (due || (state % 4 == LINEN_PENDING_SEEN && pending->action != LINEN_ACTION_DELAY))
            resume(inject, pending, state, request);
        else if (pending->deadline < next)
            next = pending->deadline;
    }
    return next;
}

/* Java has changed rules, or wants the log emptied: no call is in work now. */
static void acknowledge(struct linen_inject *inject)
{
    uint32_t wanted = __atomic_load_n(&inject->wanted, __ATOMIC_ACQUIRE);
    if (wanted == inject->done)
        return;
    if (inject->reset) {
        inject->reset = 0;
        inject->lost = 0;
        __atomic_store_n(&inject->head, 0, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&inject->done, wanted, __ATOMIC_RELEASE);
    wake(&inject->done);
}

/* Receives calls and answers them, until the process ends. */
static void serve(struct linen_inject *inject)
{
    struct request request;
    for (;;) {
        uint64_t next = resume_due(inject, &request); /* before Java may use a closed rule's slot again */
        acknowledge(inject);
        struct __kernel_timespec timeout = {0, 0};
        if (next != UINT64_MAX) {
            uint64_t now = nanos();
            uint64_t left = next > now ? next - now : 0;
            timeout.tv_sec = left / 1000000000;
            timeout.tv_nsec = left % 1000000000;
        }
        struct pollfd from[2] = {{inject->listener, POLLIN, 0}, {inject->bell, POLLIN, 0}};
        if (SYSCALL(__NR_ppoll, from, 2, next == UINT64_MAX ? 0 : &timeout, 0) <= 0)
            continue;
        uint64_t rung;
        if (from[1].revents)
            SYSCALL(__NR_read, inject->bell, &rung, sizeof rung, 0);
        if (from[0].revents & POLLIN)
            receive(inject, &request);
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
    if (inject->serving) {
        int begun = __atomic_exchange_n(&inject->performing, 0, __ATOMIC_ACQ_REL);
        __atomic_store_n(&inject->alone, !begun, __ATOMIC_RELEASE);
        answer(inject, inject->serving, begun ? -EIO : 0, begun ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE);
        inject->serving = 0;
    }
}

/*
 * A supervisor: void *(*)(void *) for a linen thread. The first one installs the filter. Each further one waits until
 * its predecessor has ended: the kernel clears that thread's futex and wakes this one.
 */
EXPORT void *linen_supervise(struct linen_inject *inject)
{
    uint32_t *predecessor = (uint32_t *)inject->predecessor;
    if (!predecessor) {
        long listener = install(inject);
        inject->listener = (int32_t)listener;
        __atomic_store_n(&inject->installed, 1, __ATOMIC_RELEASE);
        wake(&inject->installed);
        if (listener < 0)
            return 0;
    } else {
        __atomic_store_n(&inject->alone, 0, __ATOMIC_RELEASE);
        __atomic_store_n(&inject->installed, 2, __ATOMIC_RELEASE); /* the address has been read */
        wake(&inject->installed);
        uint32_t tid;
        while ((tid = __atomic_load_n(predecessor, __ATOMIC_ACQUIRE)) != 0)
            SYSCALL(__NR_futex, predecessor, FUTEX_WAIT, tid, 0); /* not private: the kernel's wake isn't */
        take_over(inject);
    }
    serve(inject);
    return 0;
}
