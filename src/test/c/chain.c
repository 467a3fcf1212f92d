/*
 * chain.c: first -> middle -> second -> third -> capture, with each kind of frame once. capture waits, so that a
 * backtrace can be taken and compared with the return addresses that the functions have noted.
 */
#include <stdint.h>

struct snapshot {
    uint64_t registers[17]; /* +0    capture's, in the order of their DWARF numbers */
    uint64_t ready;         /* +136  1 when they are there */
    uint64_t go;            /* +144  1 when capture may return */
    uint64_t depth;         /* +152  how often recurse calls itself */
    uint64_t count;         /* +160  the number of return addresses that follow */
    uint64_t returns[4];    /* +168  the outermost function's first */
    uint64_t last;          /* +200  capture's */
};

/* Has neither a frame nor a frame pointer: its return address stays on top of the stack. */
__attribute__((naked)) void capture(struct snapshot *snapshot)
{
    __asm__("mov %rax, 0(%rdi)\n\t"
            "mov %rdx, 8(%rdi)\n\t"
            "mov %rcx, 16(%rdi)\n\t"
            "mov %rbx, 24(%rdi)\n\t"
            "mov %rsi, 32(%rdi)\n\t"
            "mov %rdi, 40(%rdi)\n\t"
            "mov %rbp, 48(%rdi)\n\t"
            "mov %rsp, 56(%rdi)\n\t"
            "mov %r8, 64(%rdi)\n\t"
            "mov %r9, 72(%rdi)\n\t"
            "mov %r10, 80(%rdi)\n\t"
            "mov %r11, 88(%rdi)\n\t"
            "mov %r12, 96(%rdi)\n\t"
            "mov %r13, 104(%rdi)\n\t"
            "mov %r14, 112(%rdi)\n\t"
            "mov %r15, 120(%rdi)\n\t"
            "0: lea 0b(%rip), %rax\n\t"
            "mov %rax, 128(%rdi)\n\t" /* rip: that of the lea itself */
            "mov (%rsp), %rax\n\t"
            "mov %rax, 200(%rdi)\n\t"
            "movq $1, 136(%rdi)\n\t"
            "1: pause\n\t"
            "cmpq $0, 144(%rdi)\n\t"
            "je 1b\n\t"
            "ret");
}

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
