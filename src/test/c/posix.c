/*
 * posix.c: what the tests run on threads that libc made. Full of what faults on any other.
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

/* malloc's cache, errno, locale, stdio's buffers: all in libc's thread-local storage. Returns how many went right: 4. */
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

/* Calls f(0), f(1), ... as often as told, and returns the sum of what it returns. */
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

/* Ends the thread from deep inside: its function never returns. */
void *exit_from_within(void *argument)
{
    pthread_exit(argument);
}

/* What it does then, nobody can wait for by libc's means. */
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

/* Has a destructor set the dword at its argument to 1, a while after the function has returned. */
void *leave_destructor(void *word)
{
    pthread_key_create(&key, destructor);
    pthread_setspecific(key, word);
    return word;
}
