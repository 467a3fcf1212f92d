/*
 * collatz.c: the number of steps to reach 1 if even numbers are halved and odd numbers become 3n + 1.
 *
 *   ./linen run examples/collatz.c 27
 */
#include <stdint.h>

void *entry(void *argument)
{
    uint64_t n = (uint64_t)argument;
    uint64_t steps = 0;
    while (n > 1) {
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
        steps++;
    }
    return (void *)steps;
}
