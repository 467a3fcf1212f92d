/*
 * futex BATCHES MILLIS: what the futex calls cost that return at once: a wake when nobody waits, a wait when the value is another.
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
    raw_call(__NR_futex, (long)&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1); /* it is 0 */
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    measure("wake", atoi(arguments[1]), atof(arguments[2]), 1000, wake);
    measure("await", atoi(arguments[1]), atof(arguments[2]), 1000, await);
}
