/*
 * futex BATCHES MILLIS: the time of futex calls that return at once: a wake without a waiter, a wait for another value.
 */
#include "measure.h"
#include "raw.h"

static uint32_t word;

static void wake(void)
{
    raw_call(__NR_futex, (long)&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

static void await(void)
{
    raw_call(__NR_futex, (long)&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1); /* the word is 0 */
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    measure("wake", atoi(arguments[1]), atof(arguments[2]), 1000, wake);
    measure("await", atoi(arguments[1]), atof(arguments[2]), 1000, await);
}
