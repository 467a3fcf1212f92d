/*
 * posix.c: the functions that the tests run on threads created by libc. On other threads, most of them would fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Uses malloc's cache, errno, the locale and stdio's buffers, all of which need libc's thread-local storage. Returns
 * the number of successes: 4.
 */
void *use_libc(void *argument)
{
    long right = 0;
    char *text = malloc(100);
    right += text != NULL && snprintf(text, 100, "%ld and %.2f", (long)argument, 1.5) > 0;
    right += strtol(text, NULL, 10) == (long)argument;
    right += close(-1) == -1 && errno == EBADF;
    right += strcmp(strerror(ENOENT), "No such file or directory") == 0;
    free(text);
    return (void *)right;
}

/* Calls f(0), f(1), ... that many times, and returns the sum of the results. */
struct calls {
    long (*function)(long);
    long times;
};

void *call_often(void *argument)
{
    const struct calls *calls = argument;
    long sum = 0;
    for (long i = 0; i < calls->times; i++)
        sum += calls->function(i);
    return (void *)sum;
}

/* Ends the thread by pthread_exit: the function never returns. */
void *exit_from_within(void *argument)
{
    pthread_exit(argument);
}

/* Detaches the thread, so that pthread_join can't wait for its end, and then runs a while longer. */
void *detach_itself(void *argument)
{
    pthread_detach(pthread_self());
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    return argument;
}

static pthread_key_t key;

static void destructor(void *word)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    *(volatile uint32_t *)word = 1;
}

/* Leaves a destructor that sets the dword at its argument to 1, some time after the function has returned. */
void *leave_destructor(void *word)
{
    pthread_key_create(&key, destructor);
    pthread_setspecific(key, word);
    return word;
}
