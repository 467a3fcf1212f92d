/*
 * thread.h: what the C files share.
 */
#ifndef LINEN_THREAD_H
#define LINEN_THREAD_H

#include "cpu.h" /* of the CPU that it is compiled for */

/* Everything else is hidden: see -fvisibility in build. */
#define EXPORT __attribute__((visibility("default")))

void announce_end(struct linen_control *control);

long attach(const struct linen_control *control);
void detach(const struct linen_control *control);

#endif
