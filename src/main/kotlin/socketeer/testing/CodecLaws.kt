package socketeer.testing

import socketeer.Codec

/**
 * What holds for every codec, for any frames and any split of their bytes.
 *
 * @property statement the law in a sentence.
 */
public enum class CodecLaw(public val statement: String) {
    ROUND_TRIP("decoding gives back the frames that were encoded, for every split of their bytes"),
    SAME_OUTCOME("frames, error and the byte where it occurs depend on the bytes alone, never on how they were cut"),
    NO_OVER_READ("what follows a frame is left untouched"),
    NO_UNDER_DELIVERY("a whole frame is delivered without waiting for one byte more"),
    BOUNDED_MEMORY("memory grows with the bytes received, never with the length announced"),
    LINEAR_WORK("a frame that comes byte by byte isn't scanned again from its start"),
    EXACT_LIMITS("the limit is accepted, one more is refused before its end is awaited"),
    ERRORS_END("an error ends the stream or is resynchronised; no stale state, no loop without progress"),
    END_OF_INPUT("the end is clean between frames, an error inside one, never a silent loss"),
    REFUSED_ALIKE("encoding refuses what decoding would not give back, and then writes nothing"),
    CONFIGURATION("a bad configuration is refused when it is built, with the broken inequality"),
    UNIQUE("different values have different bytes, and a value has one encoding"),
    ;

    /** 1 to 12. */
    public val number: Int get() = ordinal + 1

    override fun toString(): String = "law $number, ${name.lowercase().replace('_', ' ')}"
}

/**
 * What a codec claims beyond the laws that need no claim.
 *
 * @property canonical whether each value has one encoding only; false for lines with either end, JSON, deflate.
 * @property lastMayBeOpen whether the stream's last frame may lack its end.
 * @property atLimit its greatest value and the next greater one: without it law 7 sees only what the values reach.
 * @property misconfigured makers of codecs that must be refused: without them there is no law 11.
 */
public class Claims<T : Any>(
    public val canonical: Boolean = true,
    public val lastMayBeOpen: Boolean = false,
    public val atLimit: AtLimit<T>? = null,
    public val misconfigured: List<() -> Codec<*>> = emptyList(),
)

/**
 * The greatest value that a codec [accepted], the next greater one, [refused], and the same framing with a [wider]
 * limit, which says what the bytes of the refused one would be.
 */
public class AtLimit<T : Any>(public val accepted: T, public val refused: T, public val wider: Codec<T>)

/** How one [law] fared: over how many [cases], and the smallest counterexample that was found, if any. */
public class LawResult(public val law: CodecLaw, public val cases: Int, public val counterexample: String?) {
    override fun toString(): String =
        if (counterexample ==
            null
        ) {
            "$law: holds in $cases cases"
        } else {
            "$law: BROKEN\n  ${law.statement}\n$counterexample"
        }
}

/** How a codec fared; the same [seed] repeats it. */
public class LawReport(public val seed: Long, public val results: List<LawResult>) {
    /** The laws that don't hold, in their order. */
    public val broken: List<CodecLaw> get() = results.filter { it.counterexample != null }.map { it.law }

    /** @throws AssertionError with the counterexamples and the seed, if a law is broken. */
    public fun orThrow(): LawReport {
        if (broken.isNotEmpty()) {
            throw AssertionError("\n" + LawReport(seed, results.filter { it.law in broken }))
        }
        return this
    }

    override fun toString(): String = results.joinToString("\n") + "\nseed: $seed, again with -Dsocketeer.seed=$seed"
}

/**
 * Tries every law on [codec] with [values], [cases] times each, and shrinks what breaks one.
 *
 * Needs nothing but the JDK: for Kotest there's [codecLaws], which gives one test a law. Some of the values should take
 * more than a hundred bytes, or the law of linear work sees nothing.
 *
 * @param laws which; all by default.
 */
public fun <T : Any> checkCodec(
    codec: Codec<T>,
    values: Values<T>,
    claims: Claims<T> = Claims(),
    cases: Int = 1_000,
    seed: Long = freshSeed(),
    laws: Collection<CodecLaw> = CodecLaw.entries,
): LawReport = LawReport(seed, laws.map { checkLaw(it, codec, values, claims, cases, seed) })

/** The seed in the system property `socketeer.seed`, or a new one. */
public fun freshSeed(): Long = System.getProperty("socketeer.seed")?.toLong() ?: System.nanoTime()
