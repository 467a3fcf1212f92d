/**
 * The C interface of linen: calls that take pointers and return 0 or {@code -errno}.
 *
 * <p>Layer 4. Uses the layers below it.
 */
@NullMarked
package dev.linen;

import org.jspecify.annotations.NullMarked;
