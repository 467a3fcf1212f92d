/*
 * pingpong TURNS: two threads hand each other the turn by a futex. "wake-up NANOSECONDS" is the time from before each
 * wake until the other thread is awake, "round-trip NANOSECONDS" that of each round trip. As many turns are made first
 * to warm up.
 */
#include "measure.h"
#include "raw.h"
#include <pthread.h>

static uint32_t whose; /* the side that has the turn: 0 or 1 */
static long turns;
static double sent, *wake_ups, *round_trips;

static void give(uint32_t side)
{
    __atomic_store_n(&whose, side, __ATOMIC_SEQ_CST);
    raw_call(__NR_futex, (long)&whose, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

static void await(uint32_t side)
{
    while (__atomic_load_n(&whose, __ATOMIC_SEQ_CST) != side)
        raw_call(__NR_futex, (long)&whose, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1 - side);
}

static void *answer(void *argument)
{
    for (long i = 0; i < 2 * turns; i++) {
        await(1);
        wake_ups[i % turns] = now() - sent;
        give(0);
    }
    return argument;
}

int main(int count, char **arguments)
{
    pthread_t answerer;
    if (count != 2)
        return 2;
    turns = atol(arguments[1]);
    wake_ups = room_for(turns);
    round_trips = room_for(turns);
    if (pthread_create(&answerer, NULL, answer, NULL) != 0)
        return 1;
    for (long i = 0; i < 2 * turns; i++) {
        sent = now();
        give(1);
        await(0);
        round_trips[i % turns] = now() - sent;
    }
    pthread_join(answerer, NULL);
    print_each("wake-up", wake_ups, turns);
    print_each("round-trip", round_trips, turns);
}
