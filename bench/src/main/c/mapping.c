/*
 * mapping BATCHES MILLIS FILE: the time to map and unmap 2 MiB, to make a page read-only and writable again, to free a
 * page, and to open, map, close and unmap that file. No memory is touched.
 */
#include "measure.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static const long bytes = 2 << 20;
static long page_bytes;
static void *page;
static const char *path;

static void *checked(void *memory)
{
    if (memory == MAP_FAILED)
        exit(1);
    return memory;
}

static void map(void)
{
    munmap(checked(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), bytes);
}

static void protect(void)
{
    mprotect(page, page_bytes, PROT_READ);
    mprotect(page, page_bytes, PROT_READ | PROT_WRITE);
}

static void advise(void)
{
    madvise(page, page_bytes, MADV_DONTNEED);
}

static void file(void)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    long end = lseek(fd, 0, SEEK_END);
    void *memory = checked(mmap(NULL, end, PROT_READ, MAP_PRIVATE, fd, 0));
    close(fd);
    munmap(memory, end);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    int batches = atoi(arguments[1]);
    double millis = atof(arguments[2]);
    path = arguments[3];
    page_bytes = sysconf(_SC_PAGESIZE);
    page = checked(mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    measure("map", batches, millis, 100, map);
    measure("protect", batches, millis, 100, protect);
    measure("advise", batches, millis, 100, advise);
    measure("file", batches, millis, 100, file);
}
