package socketeer.testing

import io.kotest.core.factory.TestFactory
import io.kotest.core.spec.style.funSpec
import io.kotest.property.Arb
import io.kotest.property.RTree
import io.kotest.property.RandomSource
import io.kotest.property.Sample
import socketeer.Codec
import kotlin.random.Random

/**
 * The laws on [codec] with values from [arb], one test a law, for any Kotest spec: `include(codecLaws("lines", lines(),
 * Arb.string()))`. What breaks a law is shrunk to the smallest frames and split, and printed with the [seed].
 */
public fun <T : Any> codecLaws(
    name: String,
    codec: Codec<T>,
    arb: Arb<T>,
    claims: Claims<T> = Claims(),
    cases: Int = 1_000,
    seed: Long = freshSeed(),
): TestFactory = codecLaws(name, codec, arb.values(), claims, cases, seed)

/** The laws on [codec] with [values], one test a law. */
public fun <T : Any> codecLaws(
    name: String,
    codec: Codec<T>,
    values: Values<T>,
    claims: Claims<T> = Claims(),
    cases: Int = 1_000,
    seed: Long = freshSeed(),
): TestFactory =
    funSpec {
        for (law in CodecLaw.entries) {
            if (law == CodecLaw.CONFIGURATION && claims.misconfigured.isEmpty()) continue
            test("$name: $law") { checkCodec(codec, values, claims, cases, seed, listOf(law)).orThrow() }
        }
    }

/** This arb's values, edge cases included, with its own shrinks. */
public fun <T> Arb<T>.values(): Values<T> {
    val arb = this
    var source: Pair<Random, Iterator<Sample<T>>>? = null
    return Values { random ->
        val samples = source?.takeIf { it.first === random } ?: (random to samplesOf(arb, random)).also { source = it }
        shrinkable(samples.second.next().shrinks)
    }
}

private fun <T> samplesOf(arb: Arb<T>, random: Random) = arb.generate(RandomSource(random, 0)).iterator()

private fun <T> shrinkable(tree: RTree<T>): Shrinkable<T> =
    Shrinkable(tree.value()) { tree.children.value.map { shrinkable(it) } }
