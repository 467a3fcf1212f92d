#ifdef __GCC_HAVE_DWARF2_CFI_ASM /* not without unwind tables */
#define CFI(directive) directive
#else
#define CFI(directive)
#endif

/* Has neither a frame nor a frame record: its return address stays in x30. gcc has no naked functions for this CPU. */
void capture(struct snapshot *snapshot);
__asm__(".pushsection .text\n"
        ".globl capture\n"
        ".type capture, %function\n"
        "capture:\n"
        CFI(".cfi_startproc\n\t")
        "stp x0, x1, [x0, #72]\n\t"
        "stp x2, x3, [x0, #88]\n\t"
        "stp x4, x5, [x0, #104]\n\t"
        "stp x6, x7, [x0, #120]\n\t"
        "stp x8, x9, [x0, #136]\n\t"
        "stp x10, x11, [x0, #152]\n\t"
        "stp x12, x13, [x0, #168]\n\t"
        "stp x14, x15, [x0, #184]\n\t"
        "stp x16, x17, [x0, #200]\n\t"
        "stp x18, x19, [x0, #216]\n\t"
        "stp x20, x21, [x0, #232]\n\t"
        "stp x22, x23, [x0, #248]\n\t"
        "stp x24, x25, [x0, #264]\n\t"
        "stp x26, x27, [x0, #280]\n\t"
        "stp x28, x29, [x0, #296]\n\t"
        "str x30, [x0, #312]\n\t"
        "mov x1, sp\n\t"
        "str x1, [x0, #320]\n\t"
        "0: adr x1, 0b\n\t"
        "str x1, [x0, #328]\n\t" /* pc: that of the adr itself */
        "str x30, [x0, #64]\n\t"
        "mov x1, #1\n\t"
        "stlr x1, [x0]\n\t" /* ready, after everything else */
        "add x2, x0, #8\n"
        "1: yield\n\t"
        "ldar x1, [x2]\n\t"
        "cbz x1, 1b\n\t"
        "ret\n"
        CFI(".cfi_endproc\n")
        ".size capture, . - capture\n"
        ".popsection");
