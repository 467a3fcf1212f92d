/** Tests of the test support. JUnit's test kit runs tests that must fail, and checks that they do. */
@NullMarked
package dev.linen.junit;

import org.jspecify.annotations.NullMarked;
