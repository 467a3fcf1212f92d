/*
 * perform.c: the supervisor finds out what a call is about, makes the call itself, and records it.
 *
 * The caller's memory is this process's, but an address may be wrong, or be unmapped meanwhile: what the kernel would
 * answer with EFAULT must not be a fault here. So it is copied by process_vm_readv, which checks.
 *
 * A thread may have descriptors or a working directory of its own, by unshare or clone. Its files are then found
 * through /proc, but the supervisor can't make its calls. kcmp is asked at each call whose file is looked up: a thread
 * can become such a one between two calls, and a tid can be given again.
 */
#include "inject.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kcmp.h>
#include <linux/mman.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20 /* Linux 6.9 */
#endif

static long length_of(const char *text)
{
    long length = 0;
    while (text[length])
        length++;
    return length;
}

/* Returns how many bytes were copied; less than wanted if the rest isn't mapped. */
static long copy_from(const struct linen_inject *inject, void *to, uint64_t from, uint64_t bytes)
{
    struct iovec local = {to, bytes};
    struct iovec remote = {(void *)from, bytes};
    long copied = cpu_syscall(__NR_process_vm_readv, inject->process, (long)&local, 1, (long)&remote, 1, 0);
    return copied < 0 ? 0 : copied;
}

/* As much as is copied at a time: it divides any page size, so a piece of this size, aligned, is in one page. */
#define PIECE 256

/* Copies a text of the caller's, in pieces: the page after its end may not be there. Returns 0 if it has no end. */
static int copy_text(const struct linen_inject *inject, char *to, uint64_t from)
{
    long used = 0;
    while (used < PATH_ROOM) {
        long wanted = PIECE - (long)(from % PIECE);
        if (wanted > PATH_ROOM - used)
            wanted = PATH_ROOM - used;
        long copied = copy_from(inject, to + used, from, wanted);
        for (long i = used; i < used + copied; i++)
            if (!to[i])
                return 1;
        if (copied < wanted)
            break;
        used += copied;
        from += copied;
    }
    to[0] = 0;
    return 0;
}

/* Appends a text, if there is room. */
static void add_text(char *path, const char *text)
{
    long used = length_of(path);
    while (*text && used < PATH_ROOM - 1)
        path[used++] = *text++;
    path[used] = 0;
}

/* Writes a text, and returns its end. */
static char *put_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    *at = 0;
    return at;
}

static char *put_number(char *at, unsigned number)
{
    char digits[12];
    int first = sizeof digits - 1;
    digits[first] = 0;
    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    return put_text(at, digits + first);
}

#define LINK_ROOM 64

/* The link in /proc to one of the process's descriptors; if a tid is given, to one of that thread's. */
static void link_to(char *link, unsigned tid, int descriptor)
{
    char *at = put_text(link, "/proc/self/");
    if (tid)
        at = put_text(put_number(put_text(at, "task/"), tid), "/");
    if (descriptor == AT_FDCWD)
        put_text(at, "cwd");
    else
        put_number(put_text(at, "fd/"), (unsigned)descriptor);
}

static void read_link(const char *link, char *to)
{
    long length = SYSCALL(__NR_readlinkat, AT_FDCWD, link, to, PATH_ROOM - 1);
    to[length < 0 ? 0 : length] = 0;
}

/* The name of an open file: what the link in /proc says. "" for a bad descriptor, or without /proc. */
static void name_descriptor(int descriptor, char *to)
{
    char link[LINK_ROOM];
    link_to(link, 0, descriptor);
    read_link(link, to);
}

static int look_at(struct place *place, int folder, const char *name, int flags)
{
    return place->exists = SYSCALL(__NR_newfstatat, folder, name, &place->status, flags) == 0;
}

/* The file of one of this thread's descriptors, which are the process's. */
static void place_open(struct place *place, int descriptor)
{
    name_descriptor(descriptor, place->path);
    place->exists = SYSCALL(__NR_fstat, descriptor, &place->status, 0, 0) == 0;
}

/* The file of one of the caller's descriptors. */
static void place_descriptor(const struct request *request, struct place *place, int descriptor)
{
    char link[LINK_ROOM];
    if (descriptor < 0)
        return;
    if (!request->apart)
        return place_open(place, descriptor);
    link_to(link, request->tid, descriptor);
    read_link(link, place->path);
    look_at(place, AT_FDCWD, link, 0);
}

/* As many as the kernel follows. */
#define MOST_LINKS 40

/*
 * The canonical path of a name, by its text and the symbolic links in it: that needs no descriptor, and finds what
 * isn't there yet. `path` is the folder of a relative name, and becomes the result.
 */
static void walk(const char *name, int follow, char *path)
{
    char rest[PATH_ROOM];
    char target[PATH_ROOM];
    int links = 0;
    rest[0] = 0;
    add_text(rest, name);
    int absolute = rest[0] == '/';
    int known = path[0] == '/';
    if (absolute || !known || !path[1])
        path[0] = 0;
    if (!absolute && !known)
        return;
    for (const char *at = rest; *at;) {
        while (*at == '/')
            at++;
        long bytes = 0;
        while (at[bytes] && at[bytes] != '/')
            bytes++;
        const char *behind = at + bytes;
        long used = length_of(path);
        if (bytes == 2 && at[0] == '.' && at[1] == '.') {
            while (used > 0 && path[--used] != '/') {
            }
            path[used] = 0;
        } else if (bytes && !(bytes == 1 && at[0] == '.')) {
            if (used + 1 + bytes >= PATH_ROOM) {
                path[0] = 0;
                return;
            }
            path[used] = '/';
            memcpy(path + used + 1, at, bytes);
            path[used + 1 + bytes] = 0;
            if (*behind || follow)
                read_link(path, target);
            if ((*behind || follow) && target[0] && links++ < MOST_LINKS) {
                add_text(target, "/");
                add_text(target, behind);
                path[target[0] == '/' ? 0 : used] = 0;
                memcpy(rest, target, sizeof rest);
                behind = rest;
            }
        }
        at = behind;
    }
    if (!path[0])
        add_text(path, "/");
}

/*
 * The canonical path of a name: its folder is opened, without reading it, and asked for its own name. So symbolic
 * links, "..", and the working directory don't matter. If the last component may be a symbolic link, the file
 * itself is asked.
 */
static void place_name_in(struct request *request, struct place *place, int folder, int follow)
{
    char *name = request->name;
    if (follow) {
        int file = (int)SYSCALL(__NR_openat, folder, name, O_PATH | O_CLOEXEC, 0);
        if (file >= 0) {
            place_open(place, file);
            SYSCALL(__NR_close, file, 0, 0, 0);
            return;
        }
    }
    long end = length_of(name);
    while (end > 1 && name[end - 1] == '/')
        end--;
    long slash = end;
    while (slash > 0 && name[slash - 1] != '/')
        slash--;
    char last[256]; /* NAME_MAX, and the end */
    long used = 0;
    while (slash + used < end && used < 255) {
        last[used] = name[slash + used];
        used++;
    }
    last[used] = 0;
    char first = name[slash];
    name[slash] = 0;
    int parent = (int)SYSCALL(__NR_openat, folder, slash ? name : ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    name[slash] = first;
    if (parent >= 0) {
        name_descriptor(parent, place->path);
        if (place->path[0] != '/' || place->path[1])
            add_text(place->path, "/");
        add_text(place->path, last);
        look_at(place, parent, last, AT_SYMLINK_NOFOLLOW);
        SYSCALL(__NR_close, parent, 0, 0, 0);
        if (!follow || !place->exists || (place->status.st_mode & S_IFMT) != S_IFLNK)
            return;
    }
    /* There is no descriptor left, or no such folder, or the name is a symbolic link to a file that isn't there yet. */
    name_descriptor(folder, place->path);
    walk(name, follow, place->path);
    look_at(place, AT_FDCWD, place->path, AT_SYMLINK_NOFOLLOW);
}

static void place_name(struct request *request, struct place *place, int folder, uint64_t text, int follow)
{
    char link[LINK_ROOM];
    int own = -1;
    if (!copy_text(request->inject, request->name, text))
        return;
    if (request->apart && request->name[0] != '/') {
        link_to(link, request->tid, folder);
        folder = own = (int)SYSCALL(__NR_openat, AT_FDCWD, link, O_PATH | O_CLOEXEC, 0);
    }
    place_name_in(request, place, folder, follow);
    if (own >= 0)
        SYSCALL(__NR_close, own, 0, 0, 0);
}

/* A number in a line of /proc/self/maps. */
static const char *parse(const char *at, uint64_t *number, unsigned base)
{
    *number = 0;
    for (;; at++) {
        unsigned digit = *at >= '0' && *at <= '9' ? (unsigned)(*at - '0')
                         : *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a' + 10)
                                                    : base;
        if (digit >= base)
            return at;
        *number = *number * base + digit;
    }
}

static const char *skip(const char *at, char until)
{
    while (*at && *at != until)
        at++;
    return *at ? at + 1 : at;
}

/*
 * 7f0c2c361000-7f0c2c363000 rw-s 00001000 fe:00 4711    /path: is the address in it? Only a shared mapping is written
 * to its file.
 */
static int place_line(const char *line, uint64_t address, struct place *place, uint64_t *offset)
{
    uint64_t begin;
    uint64_t end;
    uint64_t inode;
    const char *at = parse(line, &begin, 16);
    at = parse(at + 1, &end, 16);
    if (address < begin || address >= end)
        return 0;
    int shared = at[0] && at[1] && at[2] && at[3] && at[4] == 's';
    at = parse(skip(at + 1, ' '), offset, 16);
    *offset += address - begin;
    at = parse(skip(at + 1, ' '), &inode, 10);
    while (*at == ' ')
        at++;
    if (inode && shared)
        add_text(place->path, at);
    return 1;
}

/* The file that is mapped at an address. Its path is "" if there is none. */
static void place_mapping(struct request *request, struct place *place, uint64_t address, uint64_t *offset)
{
    char *line = request->name;
    long used = 0;
    char buffer[1024];
    int maps = request->inject->maps;
    long count = 0;
    int found = SYSCALL(__NR_lseek, maps, 0, /* SEEK_SET */ 0, 0) < 0;
    while (!found && (count = SYSCALL(__NR_read, maps, buffer, sizeof buffer, 0)) > 0)
        for (long i = 0; i < count && !found; i++) {
            if (buffer[i] != '\n') {
                if (used < PATH_ROOM - 1)
                    line[used++] = buffer[i];
                continue;
            }
            line[used] = 0;
            used = 0;
            found = place_line(line, address, place, offset);
        }
    if (place->path[0])
        look_at(place, AT_FDCWD, place->path, 0);
}

/* How many bytes a call of the write family wants to write; a vectored one is copied. */
static void measure(struct request *request)
{
    const int64_t *a = request->arguments;
    request->bytes = 0;
    request->pieces = 0;
    switch (request->call) {
    case LINEN_CALL_WRITE:
    case LINEN_CALL_PWRITE64:
        request->bytes = a[2];
        break;
    case LINEN_CALL_SENDFILE:
        request->bytes = a[3];
        break;
    case LINEN_CALL_COPY_FILE_RANGE:
        request->bytes = a[4];
        break;
    case LINEN_CALL_WRITEV:
    case LINEN_CALL_PWRITEV:
    case LINEN_CALL_PWRITEV2: {
        uint64_t size = (uint64_t)a[2] * sizeof *request->vector;
        if (a[2] <= 0 || a[2] > MOST_PIECES
            || (uint64_t)copy_from(request->inject, request->vector, a[1], size) != size)
            return;
        request->pieces = a[2];
        for (long i = 0; i < request->pieces; i++)
            request->bytes += request->vector[i].iov_len;
    }
    }
}

int writes(uint32_t call)
{
    return call >= LINEN_CALL_WRITE && call <= LINEN_CALL_SENDFILE;
}

#define BIT(call) (1ULL << LINEN_CALL_##call)

/* Calls that depend on no descriptor: they are about mapped memory or about everything. */
#define WITHOUT_DESCRIPTORS (BIT(MSYNC) | BIT(SYNC) | BIT(IO_URING_SETUP))

/* Calls that depend on the working directory. */
#define WITH_NAMES                                                                                                     \
    (BIT(OPEN_TO_READ) | BIT(OPEN) | BIT(CREAT) | BIT(OPENAT) | BIT(OPENAT2) | BIT(TRUNCATE) | BIT(RENAME)             \
     | BIT(RENAMEAT) | BIT(RENAMEAT2) | BIT(LINK) | BIT(LINKAT) | BIT(SYMLINK) | BIT(SYMLINKAT) | BIT(UNLINK)          \
     | BIT(UNLINKAT) | BIT(RMDIR) | BIT(MKDIR) | BIT(MKDIRAT))

/* Where kcmp isn't permitted, or not compiled into the kernel, all threads are taken for threads that share. */
static int has_own(const struct request *request, int what)
{
    return cpu_syscall(__NR_kcmp, request->supervisor, request->tid, what, 0, 0, 0) > 0;
}

static int is_apart(const struct request *request)
{
    uint64_t bit = 1ULL << request->call;
    return (!(bit & WITHOUT_DESCRIPTORS) && has_own(request, KCMP_FILES))
        || ((bit & WITH_NAMES) && has_own(request, KCMP_FS));
}

/* The flags of an open. */
static uint64_t open_flags(const struct linen_inject *inject, uint32_t call, const int64_t *a)
{
    struct open_how how = {0, 0, 0};
    switch (call) {
    case LINEN_CALL_OPEN:
        return (unsigned)a[1];
    case LINEN_CALL_CREAT:
        return O_CREAT | O_WRONLY | O_TRUNC;
    case LINEN_CALL_OPENAT:
        return (unsigned)a[2];
    default:
        copy_from(inject, &how, a[2], sizeof how);
        return how.flags;
    }
}

/* Whether an open follows a symbolic link at the end of the name. */
static int follows(uint64_t flags)
{
    return !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
}

/* Finds out which files a call is about, unless that is known. */
void locate(struct request *request)
{
    const int64_t *a = request->arguments;
    struct place *first = &request->places[0];
    struct place *second = &request->places[1];
    uint64_t offset;
    if (request->located)
        return;
    request->located = 1;
    first->path[0] = second->path[0] = 0;
    first->exists = second->exists = 0;
    request->apart = is_apart(request);
    measure(request);
    switch (request->number) {
#ifdef __NR_open
    case __NR_open:
        return place_name(request, first, AT_FDCWD, a[0], follows((unsigned)a[1]));
    case __NR_creat:
        return place_name(request, first, AT_FDCWD, a[0], 1);
    case __NR_unlink:
    case __NR_rmdir:
    case __NR_mkdir:
        return place_name(request, first, AT_FDCWD, a[0], 0);
    case __NR_symlink:
        return place_name(request, first, AT_FDCWD, a[1], 0);
    case __NR_rename:
    case __NR_link:
        place_name(request, first, AT_FDCWD, a[0], 0);
        return place_name(request, second, AT_FDCWD, a[1], 0);
#endif
#ifdef __NR_renameat
    case __NR_renameat:
#endif
    case __NR_renameat2:
        place_name(request, first, (int)a[0], a[1], 0);
        return place_name(request, second, (int)a[2], a[3], 0);
    case __NR_linkat:
        if (a[4] & AT_EMPTY_PATH)
            place_descriptor(request, first, (int)a[0]);
        else
            place_name(request, first, (int)a[0], a[1], (a[4] & AT_SYMLINK_FOLLOW) != 0);
        return place_name(request, second, (int)a[2], a[3], 0);
    case __NR_openat:
        return place_name(request, first, (int)a[0], a[1], follows((unsigned)a[2]));
    case __NR_openat2:
        return place_name(request, first, (int)a[0], a[1],
                          follows(open_flags(request->inject, LINEN_CALL_OPENAT2, a)));
    case __NR_unlinkat:
    case __NR_mkdirat:
        return place_name(request, first, (int)a[0], a[1], 0);
    case __NR_symlinkat:
        return place_name(request, first, (int)a[1], a[2], 0);
    case __NR_truncate:
        return place_name(request, first, AT_FDCWD, a[0], 1);
    case __NR_copy_file_range:
        return place_descriptor(request, first, (int)a[2]);
    case __NR_mmap:
        return place_descriptor(request, first, (int)a[4]);
    case __NR_msync:
        return place_mapping(request, first, a[0], &offset);
    case __NR_sync:
    case __NR_io_uring_setup:
        return;
    default:
        return place_descriptor(request, first, (int)a[0]);
    }
}

static int opens(uint32_t call)
{
    return call >= LINEN_CALL_OPEN && call <= LINEN_CALL_OPENAT2;
}

/* Whether a call is an open that neither writes nor creates. */
int only_reads(const struct linen_inject *inject, uint32_t call, const int64_t *arguments)
{
    return opens(call)
        && ((open_flags(inject, call, arguments) & (O_ACCMODE | O_CREAT | O_TRUNC)) == O_RDONLY
            || (open_flags(inject, call, arguments) & O_PATH));
}

/*
 * Whether the supervisor may make a call: not one that could block until another thread does something, which may wait
 * for the supervisor itself. Files and folders are safe; pipes, sockets and terminals aren't. Nor one that means
 * another file here than on the caller's thread.
 */
int is_performable(struct request *request)
{
    switch (request->call) {
    case LINEN_CALL_MMAP:
    case LINEN_CALL_CONNECT:
    case LINEN_CALL_IO_URING_SETUP:
        return 0;
    case LINEN_CALL_SYNC:
        return 1;
    }
    locate(request);
    if (request->apart)
        return 0;
    const struct place *place = &request->places[0];
    uint32_t type = (place->status.st_mode & S_IFMT) / (S_IFDIR / 4); /* four bits: 4 for folders, 8 for files */
    uint32_t safe = 1U << type & (1U << 4 | 1U << 8);
    if (opens(request->call) || request->call == LINEN_CALL_OPEN_TO_READ)
        return safe || !place->exists;
    if (writes(request->call) || request->call == LINEN_CALL_CLOSE)
        return safe && place->exists;
    return 1;
}

/* Shortens a vectored write. */
static void cut(struct request *request, uint64_t limit)
{
    long i = 0;
    for (; i < request->pieces && limit; i++) {
        if (request->vector[i].iov_len > limit)
            request->vector[i].iov_len = limit;
        limit -= request->vector[i].iov_len;
    }
    request->pieces = i;
}

/* Where a write begins. The position is behind what was written; for an append, so is the file's end. */
static uint64_t offset_of(const struct request *request, long flags, uint64_t source, long written)
{
    const int64_t *a = request->arguments;
    int descriptor = (int)a[0];
    struct stat status;
    switch (request->call) {
    case LINEN_CALL_PWRITEV2:
        if (a[3] == -1)
            break; /* then it is a writev */
        flags |= a[5] & RWF_APPEND ? O_APPEND : 0;
        flags &= a[5] & RWF_NOAPPEND ? ~O_APPEND : ~0; /* fall through */
    case LINEN_CALL_PWRITE64:
    case LINEN_CALL_PWRITEV:
        if (!(flags & O_APPEND))
            return a[3];
        /* Linux appends, whatever the offset is. */
        return SYSCALL(__NR_fstat, descriptor, &status, 0, 0) < 0 ? 0 : (uint64_t)status.st_size - written;
    case LINEN_CALL_COPY_FILE_RANGE:
        if (a[3])
            return source;
        descriptor = (int)a[2];
    }
    return SYSCALL(__NR_lseek, descriptor, 0, /* SEEK_CUR */ 1, 0) - written;
}

/* The offset that a call takes by address, or the position of a descriptor. */
static uint64_t position(const struct request *request, uint64_t address, int descriptor)
{
    uint64_t offset = 0;
    if (address)
        copy_from(request->inject, &offset, address, sizeof offset);
    else
        offset = SYSCALL(__NR_lseek, descriptor, 0, /* SEEK_CUR */ 1, 0);
    return offset;
}

static void note_status(struct linen_event *event, const struct stat *status)
{
    event->device = status->st_dev;
    event->inode = status->st_ino;
    if (S_ISDIR(status->st_mode))
        event->flags |= LINEN_EVENT_DIRECTORY;
}

/* What the flags of an open file promise for its writes. */
static uint32_t durability(uint64_t flags)
{
    return (flags & O_SYNC) == O_SYNC ? LINEN_EVENT_SYNC : flags & O_DSYNC ? LINEN_EVENT_DSYNC : 0;
}

static void note_open(struct request *request, struct linen_event *event)
{
    uint64_t flags = open_flags(request->inject, request->call, request->arguments);
    struct place *place = &request->places[0];
    int unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    event->flags |= durability(flags) | (unnamed ? LINEN_EVENT_UNNAMED : 0);
    if (event->result < 0)
        return;
    if (!unnamed && (flags & O_CREAT) && !place->exists)
        event->flags |= LINEN_EVENT_CREATED;
    if ((flags & O_TRUNC) && place->exists)
        event->flags |= LINEN_EVENT_TRUNCATED;
    if (SYSCALL(__NR_fstat, event->result, &place->status, 0, 0) == 0)
        note_status(event, &place->status);
    if (!unnamed)
        name_descriptor((int)event->result, place->path); /* a new file's, behind a symbolic link */
}

/* What was created under a name, or is there. */
static void note_named(struct linen_event *event, const struct place *place)
{
    struct stat status;
    if (SYSCALL(__NR_newfstatat, AT_FDCWD, place->path, &status, AT_SYMLINK_NOFOLLOW) == 0)
        note_status(event, &status);
}

/* Adds what can be found out only after the call, or costs more. */
static void note(struct request *request, struct linen_event *event, long open_flags, uint64_t target)
{
    const int64_t *a = request->arguments;
    struct place *place = &request->places[0];
    if (place->exists)
        note_status(event, &place->status);
    if (open_flags >= 0 && (open_flags & O_ACCMODE) != O_RDONLY)
        event->flags |= LINEN_EVENT_TO_WRITE;
    if (opens(request->call)) {
        note_open(request, event);
    } else if (writes(request->call)) {
        event->flags |= durability(open_flags < 0 ? 0 : open_flags);
        if (request->call == LINEN_CALL_PWRITEV2)
            event->flags |= a[5] & RWF_SYNC ? LINEN_EVENT_SYNC : a[5] & RWF_DSYNC ? LINEN_EVENT_DSYNC : 0;
        if (event->result > 0)
            event->offset = offset_of(request, open_flags, target, event->result);
    } else if (request->call == LINEN_CALL_MSYNC) {
        event->flags |= a[2] & MS_SYNC ? LINEN_EVENT_DSYNC : 0;
        event->requested = a[1];
    } else if (request->call >= LINEN_CALL_RENAME && request->call <= LINEN_CALL_RENAMEAT2) {
        if (request->places[1].exists)
            event->other_inode = request->places[1].status.st_ino;
    } else if (request->call >= LINEN_CALL_SYMLINK && request->call <= LINEN_CALL_MKDIRAT && event->result == 0
               && !place->exists) {
        note_named(event, place);
    }
}

/*
 * Makes a call, with at most so many bytes. Returns its result, and fills in the event.
 */
long perform(struct request *request, uint64_t limit, struct linen_event *event)
{
    int64_t *a = request->arguments;
    long open_flags = -1;
    uint64_t target = 0;
    int descriptor = (int)a[request->call == LINEN_CALL_COPY_FILE_RANGE ? 2 : 0];
    locate(request);
    for (int i = 0; i < 6; i++)
        event->arguments[i] = a[i];
    if (writes(request->call) || request->call == LINEN_CALL_CLOSE)
        open_flags = SYSCALL(__NR_fcntl, descriptor, F_GETFL, 0, 0);
    switch (request->call) { /* where the data will come from */
    case LINEN_CALL_COPY_FILE_RANGE:
        event->offset = position(request, a[1], (int)a[0]);
        target = position(request, a[3], (int)a[2]);
        break;
    case LINEN_CALL_SENDFILE:
        event->offset = position(request, a[2], (int)a[1]);
    }
    request->source = event->offset;
    int64_t b[6] = {a[0], a[1], a[2], a[3], a[4], a[5]};
    if (limit < request->bytes) {
        switch (request->call) {
        case LINEN_CALL_WRITE:
        case LINEN_CALL_PWRITE64:
            b[2] = limit;
            break;
        case LINEN_CALL_SENDFILE:
            b[3] = limit;
            break;
        case LINEN_CALL_COPY_FILE_RANGE:
            b[4] = limit;
            break;
        default:
            cut(request, limit);
            b[1] = (int64_t)request->vector;
            b[2] = request->pieces;
        }
        event->flags |= LINEN_EVENT_INJECTED;
    }
    event->begin_nanos = nanos();
    event->result = cpu_syscall(request->number, b[0], b[1], b[2], b[3], b[4], b[5]);
    event->took_nanos = nanos() - event->begin_nanos;
    note(request, event, open_flags, target);
    return event->result;
}

/* Copies what was written into the log. Returns 0 if that isn't possible. */
static int copy_data(const struct request *request, char *to, uint64_t bytes)
{
    const int64_t *a = request->arguments;
    switch (request->call) {
    case LINEN_CALL_WRITE:
    case LINEN_CALL_PWRITE64:
    case LINEN_CALL_CONNECT:
        return copy_from(request->inject, to, a[1], bytes) == (long)bytes;
    case LINEN_CALL_MSYNC:
        return copy_from(request->inject, to, a[0], bytes) == (long)bytes;
    case LINEN_CALL_COPY_FILE_RANGE:
    case LINEN_CALL_SENDFILE: {
        int from = (int)a[request->call == LINEN_CALL_SENDFILE ? 1 : 0];
        return SYSCALL(__NR_pread64, from, to, bytes, request->source) == (long)bytes;
    }
    }
    for (long i = 0; i < request->pieces && bytes; i++) {
        uint64_t piece = request->vector[i].iov_len < bytes ? request->vector[i].iov_len : bytes;
        if (copy_from(request->inject, to, (uint64_t)request->vector[i].iov_base, piece) != (long)piece)
            return 0;
        to += piece;
        bytes -= piece;
    }
    return bytes == 0;
}

/* How many bytes of data belong to an event. */
static uint64_t data_of(struct request *request, struct linen_event *event, uint32_t with_data)
{
    const int64_t *a = request->arguments;
    if (event->flags & LINEN_EVENT_UNKNOWN && writes(request->call))
        return with_data & LINEN_RECORD_OUTPUT ? request->bytes : 0;
    if (request->call == LINEN_CALL_CONNECT)
        return a[2] > 0 && a[2] <= 128 ? (uint64_t)a[2] : 0; /* the address; 128 is sizeof(struct sockaddr_storage) */
    if (event->result < 0 || event->flags & LINEN_EVENT_UNKNOWN)
        return 0;
    if (writes(request->call))
        return event->result;
    if (request->call != LINEN_CALL_MSYNC)
        return 0;
    struct place mapped; /* the file's end may lie in its last page */
    mapped.path[0] = 0;
    mapped.exists = 0;
    place_mapping(request, &mapped, a[0], &event->offset);
    if (!mapped.path[0])
        return 0;
    uint64_t size = mapped.exists ? (uint64_t)mapped.status.st_size : UINT64_MAX;
    uint64_t bytes = size <= event->offset ? 0 : size - event->offset;
    return bytes < (uint64_t)a[1] ? bytes : (uint64_t)a[1];
}

/* A log's file is made longer by this, or by what one event needs. */
#define LOG_STEP (4UL << 20)

/*
 * Whether the log has room for so many bytes. The room in a file is asked for here, since a store into a page that the
 * disk has no room for would be a fault. Nothing follows an event that got lost there: a record has no holes.
 */
static int has_room(struct linen_inject *inject, uint64_t bytes)
{
    uint64_t end = (uint64_t)inject->head + bytes;
    if (end > inject->log_bytes || (inject->log_file >= 0 && inject->lost))
        return 0;
    if (end <= inject->log_room)
        return 1;
    uint64_t more = end - inject->log_room;
    if (more < LOG_STEP)
        more = LOG_STEP;
    if (SYSCALL(__NR_fallocate, inject->log_file, 0, inject->log_room, more) < 0)
        return 0;
    inject->log_room += more;
    return 1;
}

/* Adds an event to the log. It is complete when `head` is moved behind it. */
void append(struct request *request, struct linen_event *event, uint32_t with_data)
{
    struct linen_inject *inject = request->inject;
    char text[PATH_ROOM];
    const char *other = request->places[1].path;
    if (request->call == LINEN_CALL_SYMLINK || request->call == LINEN_CALL_SYMLINKAT) {
        other = copy_text(inject, text, request->arguments[0]) ? text : "";
    }
    for (int i = 0; i < 6; i++)
        event->arguments[i] = request->arguments[i];
    if (!event->inode && request->places[0].exists) /* a call that wasn't made here, or not at all */
        note_status(event, &request->places[0].status);
    if (writes(request->call))
        event->requested = request->bytes;
    event->call = request->call;
    event->tid = request->tid;
    event->path_bytes = length_of(request->places[0].path);
    event->other_path_bytes = length_of(other);
    event->data_bytes = with_data ? data_of(request, event, with_data) : 0;
    uint64_t bytes = sizeof *event + event->path_bytes + event->other_path_bytes + event->data_bytes;
    bytes = (bytes + 7) & ~7UL;
    if (!has_room(inject, bytes)) {
        __atomic_store_n(&inject->lost, inject->lost + 1, __ATOMIC_RELAXED);
        return;
    }
    char *at = (char *)inject->log + inject->head;
    char *rest = at + sizeof *event;
    memcpy(rest, request->places[0].path, event->path_bytes);
    rest += event->path_bytes;
    memcpy(rest, other, event->other_path_bytes);
    rest += event->other_path_bytes;
    if (event->data_bytes && !copy_data(request, rest, event->data_bytes))
        event->flags |= LINEN_EVENT_NO_DATA;
    event->bytes = bytes;
    memcpy(at, event, sizeof *event);
    __atomic_store_n(&inject->head, inject->head + (int64_t)bytes, __ATOMIC_RELEASE);
}
