package socketeer.java.testing;

import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import socketeer.java.Bytes;
import socketeer.java.Pair;

/** Where the laws get values from, and simpler ones of a value that made a law fail. */
public final class Values<T> {
    final socketeer.testing.Values<T> values;

    Values(socketeer.testing.Values<T> values) {
        this.values = values;
    }

    /** Text of 0 to {@code max} characters: ASCII, other planes, line ends, quotes; no lone surrogates. */
    public static Values<String> texts(int max) {
        return new Values<>(Checks.texts(max));
    }

    /** 0 to {@code max} bytes of any content: short, long, all alike, all of the bytes framings use. */
    public static Values<Bytes> bytes(int max) {
        return new Values<>(Checks.bytes(max));
    }

    /** Integers from {@code first} to {@code last}: these, small ones, any. */
    public static Values<Integer> ints(int first, int last) {
        return new Values<>(Checks.ints(first, last));
    }

    /** Numbers from {@code first} to {@code last}: these, small ones, any. */
    public static Values<Long> longs(long first, long last) {
        return new Values<>(Checks.longs(first, last));
    }

    /** Values that {@code make} makes; {@code simpler} gives simpler ones of a value, the simplest first. */
    public static <T> Values<T> of(Function<RandomGenerator, T> make, Function<T, List<T>> simpler) {
        return new Values<>(Checks.values(make, simpler));
    }

    /** The same values as others: {@code ints(0, 9).and(texts(80)).map(it -> new Named(it.first(), it.second()))}. */
    public <U> Values<U> map(Function<? super T, ? extends U> function) {
        return new Values<>(Checks.map(values, function));
    }

    /** A value of this and one of {@code others}. */
    public <U> Values<Pair<T, U>> and(Values<U> others) {
        return new Values<>(Checks.pairs(values, others.values));
    }

    /** Lists of 0 to {@code max} of this. */
    public Values<List<T>> lists(int max) {
        return new Values<>(Checks.lists(values, max));
    }
}
