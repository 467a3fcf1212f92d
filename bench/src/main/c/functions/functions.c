/*
 * functions.c: the functions that linen's threads run. The threads of the C programs run the same.
 */
#include "../raw.h"
#include <stdint.h>

void *identity(void *argument)
{
    return argument;
}

void *park_on(void *word)
{
    park(word);
    return word;
}

/* Says that it runs in the second dword of its argument, and waits until the first is no longer 0. */
void *await_word(void *argument)
{
    volatile uint32_t *word = argument;
    word[1] = 1;
    while (word[0] == 0)
#ifdef __x86_64__
        __asm__ volatile("pause");
#else
        __asm__ volatile("yield");
#endif
    return argument;
}

/* The same, but ends by a fault. */
void *await_word_and_fault(void *argument)
{
    volatile char *volatile nowhere = (volatile char *)8;
    await_word(argument);
    return (void *)(uintptr_t)*nowhere;
}
