package socketeer.java;

/** One alternative of {@link Codecs#tagged}: values of {@code type} are {@code codec}'s bytes behind {@code tag}. */
public record Case<K, T>(K tag, Class<T> type, Codec<T> codec) {}
