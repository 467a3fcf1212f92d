/*
 * parked THREADS: the memory that a parked pthread uses. Prints "rss BYTES", "pss BYTES" and "tables BYTES" (the
 * kernel's page tables) per thread.
 */
#include "raw.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t word[2];

static void *park_on(void *argument)
{
    park(argument);
    return argument;
}

/* The value of a field in a file of /proc/self, converted from kilobytes to bytes. */
static long bytes(const char *path, const char *name)
{
    char line[256];
    long found = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        exit(1);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            found = atol(line + strlen(name)) << 10;
    fclose(file);
    return found;
}

static void measure(long into[3])
{
    into[0] = bytes("/proc/self/smaps_rollup", "Rss:");
    into[1] = bytes("/proc/self/smaps_rollup", "Pss:");
    into[2] = bytes("/proc/self/status", "VmPTE:");
}

int main(int count, char **arguments)
{
    long before[3], after[3];
    pthread_t parked;
    if (count != 2)
        return 2;
    int threads = atoi(arguments[1]);
    measure(before);
    for (int i = 0; i < threads; i++)
        if (pthread_create(&parked, NULL, park_on, word) != 0)
            return 1;
    while (__atomic_load_n(&word[1], __ATOMIC_RELAXED) != (uint32_t)threads)
        usleep(1000);
    usleep(100000); /* until all sleep in the futex */
    measure(after);
    const char *names[] = {"rss", "pss", "tables"};
    for (int i = 0; i < 3; i++)
        printf("%s %.1f\n", names[i], (after[i] - before[i]) / (double)threads);
    fflush(stdout);
    _exit(0);
}
