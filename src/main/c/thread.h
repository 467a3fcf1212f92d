/*
 * thread.h: what the C files have in common.
 */
#ifndef LINEN_THREAD_H
#define LINEN_THREAD_H

#include "cpu.h"

/* All else is hidden: see the build. */
#define EXPORT __attribute__((visibility("default")))

void announce_end(struct linen_control *control);

#endif
