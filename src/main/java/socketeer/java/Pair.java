package socketeer.java;

/** Two values: what {@link Codec#then} reads, what {@link Net#socketPair} opens. */
public record Pair<A, B>(A first, B second) {}
