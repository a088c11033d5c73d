package socketeer.java;

import java.util.Collection;
import java.util.List;

/**
 * What Redis answers, in version 2 of its protocol: see {@link Codecs#respReplies}. Source: redis.io, "Serialization
 * protocol".
 */
public sealed interface Resp {
    /** One line, {@code +OK}; {@code text} is without CR and LF. */
    record Simple(Bytes text) implements Resp {}

    /** One line, {@code -ERR syntax error}: a code, then words; {@code text} is without CR and LF. */
    record Failure(Bytes text) implements Resp {}

    /** {@code :42} */
    record Number(long value) implements Resp {}

    /** Any bytes, or nothing: null. At most 512 MiB. */
    record Bulk(Bytes bytes) implements Resp {}

    /** Replies in their order, or nothing: null. */
    record Many(List<Resp> items) implements Resp {
        /** A copy of {@code items}. */
        public Many {
            items = items == null ? null : List.copyOf(items);
        }
    }

    /**
     * The reply that {@code value} plainly is: a reply, {@link Bytes} or null ({@link Bulk}), a whole number, true and
     * false as 1 and 0, a collection of these.
     *
     * @throws IllegalArgumentException for anything else
     */
    static Resp of(Object value) {
        if (value instanceof Resp reply) return reply;
        if (value == null) return new Bulk(null);
        if (value instanceof Bytes bytes) return new Bulk(bytes);
        if (value instanceof Boolean yes) return new Number(yes ? 1 : 0);
        if (value instanceof Long number) return new Number(number);
        if (value instanceof Integer number) return new Number(number);
        if (value instanceof Collection<?> items) return new Many(items.stream().map(Resp::of).toList());
        throw new IllegalArgumentException("bytes, a whole number, a boolean or a collection, was " + value);
    }
}
