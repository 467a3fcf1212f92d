/*
 * create BATCHES MILLIS ALIVE...: the time of pthread_create and pthread_join beside that many parked threads, in
 * ascending order. The stack has 2 MiB, like linen's; glibc keeps it for the next thread.
 *
 * create each TIMES: the time of each of that many, after as many to warm up: "cycle NANOSECONDS".
 * create trace: a few, each between two calls of getppid, for strace.
 */
#include "measure.h"
#include "raw.h"
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static pthread_attr_t two_mebibytes;
static uint32_t word[2];

static void *identity(void *argument)
{
    return argument;
}

static void *park_on(void *argument)
{
    park(argument);
    return argument;
}

static void turn(void)
{
    pthread_t thread;
    if (pthread_create(&thread, &two_mebibytes, identity, NULL) != 0)
        exit(1);
    pthread_join(thread, NULL);
}

static void trace(void)
{
    for (int i = 0; i < 20; i++) {
        raw_call(__NR_getppid, 0, 0, 0);
        turn();
        raw_call(__NR_getppid, 0, 0, 0);
    }
}

int main(int count, char **arguments)
{
    pthread_attr_t small;
    pthread_t parked;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    pthread_attr_init(&two_mebibytes);
    pthread_attr_setstacksize(&two_mebibytes, 2 << 20);
    if (count == 2 && strcmp(arguments[1], "trace") == 0) {
        trace();
        return 0;
    }
    if (count == 3 && strcmp(arguments[1], "each") == 0) {
        measure_each("cycle", atol(arguments[2]), turn);
        return 0;
    }
    if (count < 4)
        return 2;
    int alive = 0;
    for (int i = 3; i < count; i++) {
        for (; alive < atoi(arguments[i]); alive++)
            if (pthread_create(&parked, &small, park_on, word) != 0)
                return 1;
        while (__atomic_load_n(&word[1], __ATOMIC_RELAXED) != (uint32_t)alive)
            usleep(1000);
        measure(arguments[i], atoi(arguments[1]), atof(arguments[2]), 20, turn);
    }
    fflush(stdout);
    _exit(0);
}
