package socketeer.java.testing

import socketeer.java.Bytes
import socketeer.java.Codec
import socketeer.java.Pair
import socketeer.java.framingOf
import socketeer.java.ofString
import socketeer.testing.CodecLaw
import socketeer.testing.Shrinkable
import socketeer.testing.byteStrings
import socketeer.testing.checkCodec
import socketeer.testing.lists
import socketeer.testing.map
import java.util.function.Function
import java.util.random.RandomGenerator
import kotlin.random.asJavaRandom
import socketeer.testing.AtLimit as Edge
import socketeer.testing.Claims as Claimed
import socketeer.testing.Values as Source
import socketeer.testing.ints as intsOf
import socketeer.testing.longs as longsOf
import socketeer.testing.texts as textsOf
import socketeer.testing.values as valuesOf

/** The laws as Kotlin has them; private to the package for Java. */
private object Checks {
    @JvmStatic
    fun <T : Any> check(
        law: CodecLaw,
        codec: Codec<T>,
        values: Source<T>,
        claims: Claims<T>,
        cases: Int,
        seed: Long,
    ) {
        val claimed = Claimed(
            claims.canonical,
            claims.lastMayBeOpen,
            claims.atLimit?.let { Edge(it.accepted, it.refused, framingOf(it.wider)) },
            claims.misconfigured.map { maker -> { framingOf(maker.get()) } },
        )
        checkCodec(framingOf(codec), values, claimed, cases, seed, listOf(law)).orThrow()
    }

    @JvmStatic
    fun texts(max: Int): Source<String> = textsOf(max)

    @JvmStatic
    fun bytes(max: Int): Source<Bytes> = byteStrings(max).map { ofString(it) }

    @JvmStatic
    fun ints(first: Int, last: Int): Source<Int> = intsOf(first..last)

    @JvmStatic
    fun longs(first: Long, last: Long): Source<Long> = longsOf(first..last)

    @JvmStatic
    fun <T> values(make: Function<RandomGenerator, T>, simpler: Function<T, List<T>>): Source<T> =
        valuesOf(simpler::apply) { make.apply(it.asJavaRandom()) }

    @JvmStatic
    fun <T, U> map(values: Source<T>, function: Function<in T, out U>): Source<U> = values.map(function::apply)

    @JvmStatic
    fun <T> lists(values: Source<T>, max: Int): Source<List<T>> = values.lists(max)

    @JvmStatic
    fun <T, U> pairs(first: Source<T>, second: Source<U>): Source<Pair<T, U>> =
        Source { random -> pair(first.next(random), second.next(random)) }

    private fun <T, U> pair(first: Shrinkable<T>, second: Shrinkable<U>): Shrinkable<Pair<T, U>> =
        Shrinkable(Pair(first.value, second.value)) {
            first.smaller().map { pair(it, second) } + second.smaller().map { pair(first, it) }
        }
}
