package socketeer.java.testing;

import java.util.List;
import java.util.function.Supplier;
import socketeer.java.Codec;

/**
 * What a codec claims beyond the laws that need no claim: {@code Claims.<String>none().canonical(false)}.
 *
 * @param canonical whether each value has one encoding only; false for lines with either end, JSON, deflate
 * @param lastMayBeOpen whether the stream's last frame may lack its end
 * @param atLimit its greatest value and the next greater one; null: the limit is tried only as far as the values reach
 *   it
 * @param misconfigured makers of codecs that must be refused
 */
public record Claims<T>(
        boolean canonical, boolean lastMayBeOpen, AtLimit<T> atLimit, List<Supplier<Codec<?>>> misconfigured) {
    /**
     * The greatest value that a codec accepts, the next greater one, and the same framing with a wider limit, which
     * says what the bytes of the refused one would be.
     */
    public record AtLimit<T>(T accepted, T refused, Codec<T> wider) {}

    /** Takes a copy of what can change. */
    public Claims {
        misconfigured = List.copyOf(misconfigured);
    }

    /** Each value has one encoding; nothing else is claimed. */
    public static <T> Claims<T> none() {
        return new Claims<>(true, false, null, List.of());
    }

    /** This, claiming one encoding a value or not. */
    public Claims<T> canonical(boolean canonical) {
        return new Claims<>(canonical, lastMayBeOpen, atLimit, misconfigured);
    }

    /** This, claiming that the last frame may be open or not. */
    public Claims<T> lastMayBeOpen(boolean lastMayBeOpen) {
        return new Claims<>(canonical, lastMayBeOpen, atLimit, misconfigured);
    }

    /** This, claiming where the limit is. */
    public Claims<T> atLimit(T accepted, T refused, Codec<T> wider) {
        return new Claims<>(canonical, lastMayBeOpen, new AtLimit<>(accepted, refused, wider), misconfigured);
    }

    /** This, claiming that {@code makers} throw IllegalArgumentException with the broken inequality. */
    public Claims<T> misconfigured(List<Supplier<Codec<?>>> makers) {
        return new Claims<>(canonical, lastMayBeOpen, atLimit, makers);
    }
}
