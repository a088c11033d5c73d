package socketeer.java.testing;

import java.util.stream.Stream;
import socketeer.java.Codec;
import socketeer.testing.CodecLaw;
import socketeer.testing.CodecLawsKt;

/**
 * What must hold for every codec, for any frames and any split of their bytes, as tests:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> laws() {
 *     return CodecLaws.of(new ShortText(), Values.texts(80)).map(law -> dynamicTest(law.name(), law::check));
 * }
 * }</pre>
 *
 * <p>What breaks a law is shrunk to the smallest frames and split. Some of the values should take more than a hundred
 * bytes, or the law of linear work sees nothing.
 */
public final class CodecLaws {
    private CodecLaws() {}

    /** One law on one codec. */
    public static final class Law {
        private final String name;
        private final Runnable check;

        Law(String name, Runnable check) {
            this.name = name;
            this.check = check;
        }

        /** Its number and name. */
        public String name() {
            return name;
        }

        /** Tries it. @throws AssertionError with the smallest counterexample and the seed that repeats it */
        public void check() {
            check.run();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** The laws that need no claim, each tried a thousand times. */
    public static <T> Stream<Law> of(Codec<T> codec, Values<T> values) {
        return of(codec, values, Claims.none());
    }

    /** The laws, with what {@code claims} says of the codec; the system property socketeer.seed repeats a run. */
    public static <T> Stream<Law> of(Codec<T> codec, Values<T> values, Claims<T> claims) {
        return of(codec, values, claims, CASES, CodecLawsKt.freshSeed());
    }

    /** The laws, each tried {@code cases} times with the values that {@code seed} gives. */
    public static <T> Stream<Law> of(Codec<T> codec, Values<T> values, Claims<T> claims, int cases, long seed) {
        return Stream.of(CodecLaw.values())
                .filter(law -> law != CodecLaw.CONFIGURATION || !claims.misconfigured().isEmpty())
                .map(law -> new Law(
                        law.toString(), () -> Checks.check(law, codec, values.values, claims, cases, seed)));
    }

    private static final int CASES = 1_000;
}
