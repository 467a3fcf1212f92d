/*
 * map BATCHES MILLIS: the time to map 2 MiB, write to each page, and unmap them.
 */
#include "measure.h"
#include <sys/mman.h>
#include <unistd.h>

static const long bytes = 2 << 20;
static long page;

static void turn(void)
{
    volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        exit(1);
    for (long i = 0; i < bytes; i += page)
        memory[i] = 1;
    munmap((void *)memory, bytes);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    page = sysconf(_SC_PAGESIZE);
    measure("map", atoi(arguments[1]), atof(arguments[2]), 10, turn);
}
