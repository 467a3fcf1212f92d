/** Tests of the help for tests: failing ones are run by JUnit's test kit, and seen failing. */
@NullMarked
package dev.linen.junit;

import org.jspecify.annotations.NullMarked;
