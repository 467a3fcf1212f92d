/*
 * tls.h, x86-64: what the thread pointer, %fs, points to. Libc's static thread-local storage would be below it, and its
 * record of the thread above it.
 *
 *     ...                       zeros                         the rest of the read-only page
 *     struct linen_slab
 *     struct linen_tls          <- thread pointer             begins the page
 *     guard                     no access                     where libc's thread-local storage would be
 *
 * A function that follows the pointer to glibc's record faults because of the poison.
 */
#ifndef LINEN_TLS_H
#define LINEN_TLS_H

#include <stdint.h>

struct linen_tls {
    uint64_t self;        /* +0x00  its own address: how x86-64 code finds the thread pointer's value */
    uint64_t magic;       /* +0x08  LINEN_TLS_MAGIC */
    uint64_t poison;      /* +0x10  LINEN_TLS_MAGIC, which is no address, in place of glibc's pointer to its record */
    uint64_t unused[2];   /* +0x18 */
    uint64_t stack_guard; /* +0x28  what gcc's -fstack-protector compares */
};

#endif
