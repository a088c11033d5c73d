/**
 * Socketeer for Java: the same words as in Kotlin, in two forms. A plain call blocks its thread, which is cheap on a
 * virtual thread, and an interrupt gives it up without losing a byte; {@code …Async} gives a
 * {@link java.util.concurrent.CompletableFuture}, which {@code cancel} gives up just the same. Start with
 * {@link socketeer.java.Socketeer}.
 */
package socketeer.java;
