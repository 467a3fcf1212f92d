/*
 * chain.c: first -> middle -> second -> third -> capture, with each kind of frame once. capture waits, so that a
 * backtrace can be taken and compared with the return addresses that the functions have noted.
 */
#include <stdint.h>

struct snapshot {
    uint64_t ready;         /* +0    1 when the registers are there */
    uint64_t go;            /* +8    1 when capture may return */
    uint64_t depth;         /* +16   how often recurse calls itself */
    uint64_t count;         /* +24   the number of return addresses that follow */
    uint64_t returns[4];    /* +32   the outermost function's first */
    uint64_t last;          /* +64   capture's */
    uint64_t registers[33]; /* +72   capture's, in the order of their DWARF numbers, then the pc */
};

#include "capture.h" /* of the CPU that it is compiled for */

static void note(struct snapshot *snapshot, void *return_address)
{
    snapshot->returns[snapshot->count++] = (uint64_t)return_address;
}

/* Realigns the stack, so that its CFA is given by an expression. */
static uint64_t third(struct snapshot *snapshot, uint64_t number)
{
    volatile uint64_t aligned[8] __attribute__((aligned(64))) = {number};
    note(snapshot, __builtin_return_address(0));
    capture(snapshot);
    return aligned[0] + number;
}

/* The functions call each other through these, so that the compiler can't merge them or pass arguments differently. */
typedef uint64_t step(struct snapshot *, uint64_t);
static step *volatile to_third = third;

/* Has a frame whose size is known at run time only, and therefore always a frame pointer. */
static uint64_t second(struct snapshot *snapshot, uint64_t number)
{
    volatile uint8_t *some = __builtin_alloca(number);
    some[0] = 1;
    note(snapshot, __builtin_return_address(0));
    return to_third(snapshot, number + 1) + some[0];
}

static step *volatile to_second = second;

/* Keeps its values in registers that it has to save. */
static uint64_t middle(struct snapshot *snapshot, uint64_t number)
{
    note(snapshot, __builtin_return_address(0));
    uint64_t result = to_second(snapshot, number);
    return result + snapshot->count * number;
}

static step *volatile to_middle = middle;

uint64_t first(struct snapshot *snapshot)
{
    note(snapshot, __builtin_return_address(0));
    return to_middle(snapshot, 100) + 1;
}

static step *volatile to_recurse;

static uint64_t recurse(struct snapshot *snapshot, uint64_t depth)
{
    if (depth == 0)
        capture(snapshot);
    else
        depth += to_recurse(snapshot, depth - 1);
    return depth + 1;
}

uint64_t recursion(struct snapshot *snapshot)
{
    to_recurse = recurse;
    return recurse(snapshot, snapshot->depth) + 1;
}
