/* The system calls' numbers, of the CPU that is compiled for. */
#include <asm/unistd.h>
