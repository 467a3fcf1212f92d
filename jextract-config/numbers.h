/* The system call numbers of the target CPU. */
#include <asm/unistd.h>
