/* Has neither a frame nor a frame pointer: its return address stays on top of the stack. */
__attribute__((naked)) void capture(struct snapshot *snapshot)
{
    __asm__("mov %rax, 72(%rdi)\n\t"
            "mov %rdx, 80(%rdi)\n\t"
            "mov %rcx, 88(%rdi)\n\t"
            "mov %rbx, 96(%rdi)\n\t"
            "mov %rsi, 104(%rdi)\n\t"
            "mov %rdi, 112(%rdi)\n\t"
            "mov %rbp, 120(%rdi)\n\t"
            "mov %rsp, 128(%rdi)\n\t"
            "mov %r8, 136(%rdi)\n\t"
            "mov %r9, 144(%rdi)\n\t"
            "mov %r10, 152(%rdi)\n\t"
            "mov %r11, 160(%rdi)\n\t"
            "mov %r12, 168(%rdi)\n\t"
            "mov %r13, 176(%rdi)\n\t"
            "mov %r14, 184(%rdi)\n\t"
            "mov %r15, 192(%rdi)\n\t"
            "0: lea 0b(%rip), %rax\n\t"
            "mov %rax, 200(%rdi)\n\t" /* rip: that of the lea itself */
            "mov (%rsp), %rax\n\t"
            "mov %rax, 64(%rdi)\n\t"
            "movq $1, 0(%rdi)\n\t"
            "1: pause\n\t"
            "cmpq $0, 8(%rdi)\n\t"
            "je 1b\n\t"
            "ret");
}
