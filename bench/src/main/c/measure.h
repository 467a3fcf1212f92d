/*
 * measure.h: the nanoseconds of a turn of a loop, in batches of a given duration. Prints "LABEL NANOSECONDS" for each
 * batch.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

/* The mean of as many turns as fit into that time; the clock is read after every `group` of them. */
static inline __attribute__((always_inline)) double batch(double millis, long group, void (*turn)(void))
{
    double begin = now(), end;
    long turns = 0;
    do {
        for (long i = 0; i < group; i++)
            turn();
        turns += group;
        end = now();
    } while (end - begin < millis * 1e6);
    return (end - begin) / turns;
}

/* The first batch warms up. */
static inline __attribute__((always_inline)) void
measure(const char *label, int batches, double millis, long group, void (*turn)(void))
{
    batch(millis, group, turn);
    for (int i = 0; i < batches; i++)
        printf("%s %.2f\n", label, batch(millis, group, turn));
}

/* Prints times that were measured one by one: "LABEL NANOSECONDS" for each. */
static inline void print_each(const char *label, const double *nanos, long count)
{
    for (long i = 0; i < count; i++)
        printf("%s %.0f\n", label, nanos[i]);
}

static inline double *room_for(long count)
{
    double *nanos = calloc(count, sizeof *nanos);
    if (nanos == NULL)
        exit(1);
    return nanos;
}

/* Times each of that many turns, after as many to warm up. */
static inline void measure_each(const char *label, long count, void (*turn)(void))
{
    double *nanos = room_for(count);
    for (long i = 0; i < 2 * count; i++) {
        double begin = now();
        turn();
        nanos[i % count] = now() - begin;
    }
    print_each(label, nanos, count);
}

#endif
