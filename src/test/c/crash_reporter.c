/*
 * crash_reporter.c: a handler like those of crash reporters. It keeps errno, which is thread-local storage, and calls
 * the handler before it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>

static struct sigaction before[32];
volatile long reported;

static void report(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    reported++;
    errno = saved;
    before[signal].sa_sigaction(signal, info, context);
}

/* Called by Java. Returns 0, or -1. */
long install_crash_reporter(long unused)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    struct sigaction action = {.sa_sigaction = report, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], &action, &before[signals[i]]) != 0)
            return -1;
    return 0;
}
