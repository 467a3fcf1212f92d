/*
 * crash.c: counts the items of a linked list, without checking its argument.
 *
 *     ./linen run examples/crash.c 0x10
 *
 * prints where and why it faulted, and exits with status 3.
 */
struct item {
    struct item *next;
    long value;
};

static __attribute__((noinline)) long count(const volatile struct item *item)
{
    return item == 0 ? 0 : 1 + count(item->next);
}

long entry(const struct item *list)
{
    return count(list) + 1;
}
