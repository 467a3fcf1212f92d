/*
 * functions.c: what runs on linen's threads. The C programs run the same.
 */
#include "../raw.h"

void *identity(void *argument)
{
    return argument;
}

void *park_on(void *word)
{
    park(word);
    return word;
}
