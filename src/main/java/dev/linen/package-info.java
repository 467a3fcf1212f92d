/**
 * The seed's calls as they stand in C, for those who know linen from there.
 *
 * <p>Floor 4 of the house: uses everything below it.
 */
@NullMarked
package dev.linen;

import org.jspecify.annotations.NullMarked;
