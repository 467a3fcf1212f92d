/*
 * faults.c: functions that fault, each in its own way. Freestanding. Some fault in static functions, some deep in a
 * chain of calls.
 */
#include "asm.h" /* of the CPU that it is compiled for */

#define NOINLINE __attribute__((noinline))

/* Writes a byte to its argument. */
void *write_byte(void *address)
{
    *(volatile char *)address = 1;
    return address;
}

void *read_byte(void *address)
{
    return (void *)(uint64_t)*(volatile char *)address;
}

/* 1 / argument. */
void *divide_by(void *divisor)
{
    volatile long one = 1; /* volatile, or the compiler would avoid the division */
    return (void *)(one / (long)divisor);
}

void *illegal(void *argument)
{
    ILLEGAL;
    return argument;
}

void *breakpoint(void *argument)
{
    BREAKPOINT;
    return argument;
}

void *halt(void *argument)
{
    PRIVILEGED;
    return argument;
}

/* Accesses 16 bytes at its argument by an instruction that needs a 16-byte aligned address. */
void *store_aligned(void *address)
{
    STORE_ALIGNED(address);
    return address;
}

void *jump_to(void *address)
{
    void *(*volatile function)(void *) = (void *(*)(void *))address;
    return (char *)function(address) + 1; /* + 1: keeps the compiler from turning the call into a jump */
}

DEFINE_RETURN_TO

/* Recursion: overflows the stack if its argument is large enough. */
NOINLINE uint64_t recurse(uint64_t depth)
{
    volatile uint64_t here = depth;
    return depth == 0 ? 0 : recurse(depth - 1) + here;
}

/* Small frames that touch each page on their way down. */
void *overflow_by_recursion(void *argument)
{
    return (void *)recurse(1UL << 40);
}

/* One frame 20 KiB larger than the stack, whose first access is beyond the guard's first page. */
void *overflow_by_frame(void *stack_bytes)
{
    volatile char *top = __builtin_frame_address(0);
    top[-(long)stack_bytes - 20 * 1024] = 1;
    return stack_bytes;
}

/* Writes downwards byte by byte, without a call. */
void *overflow_by_bytes(void *argument)
{
    volatile char *top = __builtin_frame_address(0);
    for (long i = 0;; i--)
        top[i] = 1;
    return argument;
}

/* Reads where libc keeps malloc's cache and errno. */
void *read_thread_locals(void *offset)
{
    return (void *)read_libc_storage((long)offset);
}

/* Writes where libc keeps its record of the thread, such as whether it may be cancelled. */
void *write_thread_record(void *offset)
{
    write_libc_record((long)offset);
    return offset;
}

static void take_own_signal_stack(void)
{
    static char memory[16 << 10];
    const stack_t own = {.ss_sp = memory, .ss_size = sizeof memory};
    cpu_syscall(__NR_sigaltstack, (long)&own, 0, 0, 0, 0, 0);
}

/* Linen can no longer identify the thread by its signal stack. */
void *fault_on_own_signal_stack(void *address)
{
    take_own_signal_stack();
    *(volatile char *)address = 1;
    return address;
}

/* Faults with 16 KiB at its argument as its signal stack. */
void *fault_on_given_signal_stack(void *memory)
{
    const stack_t given = {.ss_sp = memory, .ss_size = 16 << 10};
    cpu_syscall(__NR_sigaltstack, (long)&given, 0, 0, 0, 0, 0);
    ILLEGAL;
    return memory;
}

/* Nor by the tid in the futex dword, whose address Java writes to the argument. */
void *fault_in_disguise(void *argument)
{
    volatile uint32_t *futex;
    take_own_signal_stack();
    while ((futex = *(uint32_t *volatile *)argument) == 0)
        ;
    *futex = 0x55555555;
    ILLEGAL;
    return argument;
}

/* Sets its argument's dword to 1 before it loops. */
void *loop_on_own_signal_stack(void *word)
{
    take_own_signal_stack();
    *(volatile uint32_t *)word = 1;
    for (;;)
        __asm__ volatile("");
    return word;
}

/* Overruns an array on the stack upwards by that many bytes. */
void *overrun(void *bytes)
{
    volatile char array[16];
    volatile char *end = array + sizeof array + (long)bytes;
    for (volatile char *p = array; p < end; p++)
        *p = 0;
    return bytes;
}

/* Follows a pointer of libc's in the thread-local block. */
void *follow_thread_local_pointer(void *argument)
{
    return (void *)follow_libc_pointer();
}

/* a calls b calls c, which writes to the argument. */
static NOINLINE void *c(void *address)
{
    *(volatile char *)address = 1;
    return (char *)address + 1;
}

static NOINLINE void *b(void *address)
{
    return (char *)c(address) + 1;
}

NOINLINE void *a(void *address)
{
    return (char *)b(address) + 1;
}

void *loop(void *argument)
{
    for (;;)
        __asm__ volatile("");
    return argument;
}

/* Blocks in read(argument). */
void *read_file(void *descriptor)
{
    char byte;
    return (void *)cpu_syscall(__NR_read, (long)descriptor, (long)&byte, 1, 0, 0, 0);
}

/* Sets its argument's dword to 1 and faults. */
void *tell_and_fault(void *word)
{
    *(volatile uint32_t *)word = 1;
    char *volatile nowhere = (char *)8;
    *(volatile char *)nowhere = 1;
    return word;
}

/* The handler below passes every signal on to the one before it. */
typedef void handler(int, void *, void *);
static struct sigaction before;
volatile uint64_t own_handler_calls;

static void own_handler(int signal, void *info, void *context)
{
    own_handler_calls++;
    ((handler *)(uint64_t)before.sa_handler)(signal, info, context);
}

/* Called by Java: installs a handler of SIGSEGV that counts its calls and then calls the one before it. */
long install_own_handler(void)
{
    struct sigaction action = {.sa_handler = (__sighandler_t)(uint64_t)own_handler, RETURNING};
    long result = cpu_syscall(__NR_rt_sigaction, SIGSEGV, 0, (long)&before, sizeof action.sa_mask, 0, 0);
    action.sa_flags = before.sa_flags | RETURNING_FLAGS;
    action.sa_mask = before.sa_mask;
    return result < 0 ? result
                      : cpu_syscall(__NR_rt_sigaction, SIGSEGV, (long)&action, 0, sizeof action.sa_mask, 0, 0);
}

/* Waits until its argument isn't 0. */
void *await_word(void *word)
{
    while (*(volatile uint32_t *)word == 0)
        ;
    return word;
}

DEFINE_PUSH_AT
