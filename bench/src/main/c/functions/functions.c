/*
 * functions.c: the functions that linen's threads run. The threads of the C programs run the same.
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
