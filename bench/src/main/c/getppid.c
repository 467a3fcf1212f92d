/*
 * getppid BATCHES MILLIS: what a system call costs, with the instruction in the loop, and in a function that the loop calls, as Java
 * has to. The second can cost a third more: a kernel that guards its returns (Safe RET on AMD) leaves the CPU's stack of return
 * addresses wrong, so the first return after a call is mispredicted.
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
    __asm__ volatile(""); /* or this would be a jump to it */
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    measure("inlined", atoi(arguments[1]), atof(arguments[2]), 1000, inlined);
    measure("called", atoi(arguments[1]), atof(arguments[2]), 1000, called);
}
