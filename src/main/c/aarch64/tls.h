/*
 * tls.h, AArch64: what the thread pointer, TPIDR_EL0, points to. Libc's static thread-local storage would be above it,
 * after 16 bytes that belong to the ABI, and its record of the thread below it: the other way round than on x86-64.
 *
 *     guard                     no access                     where libc's thread-local storage would be
 *     struct linen_tls          <- thread pointer             ends the page
 *     struct linen_slab
 *     ...                       zeros                         the rest of the read-only page, where libc's record
 *                                                             would be
 *
 * What gcc's -fstack-protector compares isn't here but in a global variable of libc's, __stack_chk_guard.
 */
#ifndef LINEN_TLS_H
#define LINEN_TLS_H

#include <stdint.h>

struct linen_tls {
    uint64_t poison; /* +0x00  LINEN_TLS_MAGIC, which is no address, in place of glibc's pointer to the thread-local
                      * storage of libraries that were loaded later */
    uint64_t magic;  /* +0x08  LINEN_TLS_MAGIC. glibc has its "private" word here, musl a gap; both leave it 0 */
};

#endif
