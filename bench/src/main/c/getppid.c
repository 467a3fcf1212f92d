/*
 * getppid BATCHES MILLIS: the time of a system call, with the instruction in the loop, and in a function that the loop
 * calls, as Java must do. The second can take a third longer: a kernel that protects its returns (Safe RET on AMD)
 * leaves wrong addresses on the CPU's return stack, so the first return after a system call is mispredicted.
 */
#include "measure.h"
#include "raw.h"

static void inlined(void)
{
    raw_call(__NR_getppid, 0, 0, 0);
}

static __attribute__((noinline)) long function(void)
{
    return raw_call(__NR_getppid, 0, 0, 0);
}

static void called(void)
{
    function();
    __asm__ volatile(""); /* keeps the compiler from turning the call into a jump */
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    measure("inlined", atoi(arguments[1]), atof(arguments[2]), 1000, inlined);
    measure("called", atoi(arguments[1]), atof(arguments[2]), 1000, called);
}
