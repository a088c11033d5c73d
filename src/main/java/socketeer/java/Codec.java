package socketeer.java;

import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/**
 * How values of type {@code T} are told apart in a stream of bytes: an immutable value that does no I/O. {@link Codecs}
 * has those that are there already; a codec of one's own implements {@link #maxBytes}, {@link #encode} and
 * {@link #decoder}.
 *
 * <p>Any number of streams may share one codec; what is known of one stream's unfinished frame lives in its decoder.
 */
public interface Codec<T> {
    /** The greatest number of bytes one frame takes on the wire, all of it counted; 0 or more. */
    int maxBytes();

    /** True if a frame ends only where its input ends: the connection, or what surrounds it. */
    default boolean untilEnd() {
        return false;
    }

    /**
     * Appends {@code value} to {@code output}.
     *
     * @throws socketeer.TooLargeException it takes more bytes than decoding would accept
     * @throws IllegalArgumentException decoding could not give it back for another reason
     */
    void encode(T value, Output output) throws IOException;

    /** A decoder for one stream. */
    Decoder<T> decoder();

    /** {@code value} as bytes. Throws as {@link #encode}. */
    default Bytes encode(T value) throws IOException {
        return Adapters.encode(this, value);
    }

    /**
     * The one value that {@code bytes} are, no more and no less.
     *
     * @throws socketeer.MalformedException these are something else
     * @throws socketeer.BrokenException they end inside the frame
     */
    default T decode(Bytes bytes) throws IOException {
        return Adapters.decode(this, bytes);
    }

    /**
     * The same frames as other values: {@code decoded} makes one of what was decoded, {@code encoded} undoes it. Where
     * {@code decoded} throws IllegalArgumentException the frame is malformed; where {@code encoded} does, the value is
     * refused.
     */
    default <U> Codec<U> map(Function<? super T, ? extends U> decoded, Function<? super U, ? extends T> encoded) {
        return Adapters.map(this, decoded, encoded);
    }

    /** This, then {@code next}. This one must end by itself. */
    default <U> Codec<Pair<T, U>> then(Codec<U> next) {
        return Adapters.then(this, next);
    }

    /** A header, then the body whose codec the header decides: at most {@code maxBody} bytes. */
    default <U> Codec<Pair<T, U>> body(int maxBody, Function<? super T, Codec<U>> body) {
        return Adapters.body(this, maxBody, body);
    }

    /** {@code prefix}, then this: a magic number in front of a value. */
    default Codec<T> after(Bytes prefix) {
        return Adapters.after(this, prefix);
    }

    /** This, then {@code suffix}. This one must end by itself. */
    default Codec<T> before(Bytes suffix) {
        return Adapters.before(this, suffix);
    }

    /** At most {@code max} bytes of this; a greater frame is refused as soon as its bytes show it. */
    default Codec<T> limit(int max) {
        return Adapters.limit(this, max);
    }

    /** Exactly {@code times} of this, one after the other. */
    default Codec<List<T>> repeat(int times) {
        return Adapters.repeat(this, times);
    }

    /** How many, at most 65,536, then as many of this. An announced count takes no memory; what comes does. */
    default Codec<List<T>> repeat(Codec<Integer> count) {
        return Adapters.repeat(this, count);
    }

    /** As many of this as there are until the input ends. */
    default Codec<List<T>> repeatToEnd() {
        return Adapters.repeatToEnd(this);
    }

    /** This, then its CRC-32C (RFC 3385) in four bytes, the highest first. */
    default Codec<T> checksummed() {
        return Adapters.checksummed(this);
    }

    /** This, compressed (RFC 1950): until the input ends, expanding to at most {@code max} bytes. */
    default Codec<T> deflated(int max) {
        return Adapters.deflated(this, max);
    }
}
