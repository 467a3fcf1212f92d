/*
 * getppid BATCHES MILLIS: what a system call costs.
 */
#include "measure.h"
#include "raw.h"

static void turn(void)
{
    raw_call(__NR_getppid, 0, 0, 0);
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    measure("getppid", atoi(arguments[1]), atof(arguments[2]), 1000, turn);
}
