package socketeer.testing

import kotlinx.io.bytestring.ByteString
import kotlin.random.Random

/** A [value] and the smaller ones to try in its place when it made a law fail, smallest first. */
public class Shrinkable<out T>(public val value: T, public val smaller: () -> List<Shrinkable<T>> = { emptyList() }) {
    override fun toString(): String = value.toString()
}

/** Where the laws get values from: each call gives one more, the same for the same [Random]. */
public fun interface Values<out T> {
    /** The next value. */
    public fun next(random: Random): Shrinkable<T>
}

/** Values that [make] makes; [shrink] gives simpler ones of a value, the simplest first. */
public fun <T> values(shrink: (T) -> List<T> = ::simpler, make: (Random) -> T): Values<T> =
    Values { shrinkable(make(it), shrink) }

/** Byte strings of 0 to [max] bytes, of any content: short, long, all alike, all of the bytes framings use. */
public fun byteStrings(max: Int = 300): Values<ByteString> = values { random -> ByteString(*bytes(random, max)) }

/** Text of 0 to [max] characters: ASCII, other planes, line ends, quotes; no lone surrogates. */
public fun texts(max: Int = 300): Values<String> =
    values { random ->
        val n = size(random, max)
        buildString { while (length < n) append(if (random.nextInt(4) > 0) ascii(random) else ALPHABET.random(random)) }
    }

/** Integers of [range]: its ends, small ones, any. */
public fun ints(range: IntRange = Int.MIN_VALUE..Int.MAX_VALUE): Values<Int> =
    values({ n -> simpler(n).filter { it in range } }) { longIn(it, range.first.toLong(), range.last.toLong()).toInt() }

/** Numbers of [range]: its ends, small ones, any. */
public fun longs(range: LongRange = Long.MIN_VALUE..Long.MAX_VALUE): Values<Long> =
    values({ n -> simpler(n).filter { it in range } }) { longIn(it, range.first, range.last) }

/** Lists of 0 to [max] of this. */
public fun <T> Values<T>.lists(max: Int = 12): Values<List<T>> =
    Values { random -> shrinkableList(List(size(random, max)) { next(random) }) }

/** The same values as others. */
public fun <A, B> Values<A>.map(f: (A) -> B): Values<B> = Values { mapped(next(it), f) }

private fun <A, B> mapped(from: Shrinkable<A>, f: (A) -> B): Shrinkable<B> =
    Shrinkable(f(from.value)) { from.smaller().map { mapped(it, f) } }

private fun <T> shrinkable(value: T, shrink: (T) -> List<T>): Shrinkable<T> =
    Shrinkable(value) { shrink(value).map { shrinkable(it, shrink) } }

private fun <T> shrinkableList(items: List<Shrinkable<T>>): Shrinkable<List<T>> =
    Shrinkable(items.map { it.value }) {
        shorter(items).map { shrinkableList(it) } +
            items.flatMapIndexed { i, item ->
                item.smaller().map { shrinkableList(items.toMutableList().apply { set(i, it) }) }
            }
    }

/** Simpler values of a [value] whose type is known here: text, bytes, numbers, lists, pairs; none for others. */
// Each branch makes values of the type that it was asked about.
@Suppress("UNCHECKED_CAST")
public fun <T> simpler(value: T): List<T> =
    when (value) {
        is String -> simplerText(value)
        is ByteString -> simplerBytes(value)
        is Int -> simplerNumber(value.toLong()).map { it.toInt() }
        is Long -> simplerNumber(value)
        is List<*> -> shorter(value)
        is Pair<*, *> -> simpler(value.first).map { it to value.second } +
            simpler(value.second).map { value.first to it }
        else -> emptyList()
    } as List<T>

private fun simplerText(text: String): List<String> {
    val letters = if (text.all { it == 'a' }) {
        emptyList()
    } else {
        text.indices.map { text.replaceRange(it, it + 1, "a") } -
            text
    }
    val all = shorter(text.toList()).map { it.joinToString("") } + letters
    // Half a surrogate pair is a counterexample of another kind: text that has none keeps to that.
    return if (isUnicode(text)) all.filter { isUnicode(it) } else all
}

private fun isUnicode(text: String) = text.encodeToByteArray().decodeToString() == text

private fun simplerBytes(bytes: ByteString): List<ByteString> {
    val array = bytes.toByteArray()
    return shorter(array.toList()).map { ByteString(*it.toByteArray()) } +
        array.indices.filter { array[it] != 0.toByte() }.map { i -> ByteString(*array.copyOf().also { it[i] = 0 }) }
}

private fun simplerNumber(n: Long): List<Long> = listOf(0L, n / 2, n - if (n < 0) -1 else 1).distinct() - n

/** Empty, either half, one item less: the simplest first. */
internal fun <T> shorter(items: List<T>): List<List<T>> {
    val n = items.size
    if (n == 0) return emptyList()
    val halves = if (n > 2) listOf(items.take(n / 2), items.drop(n / 2)) else emptyList()
    return listOf(emptyList<T>()) + halves + items.indices.map { i -> items.filterIndexed { j, _ -> i != j } }
}

internal fun size(random: Random, max: Int): Int =
    when (random.nextInt(8)) {
        0 -> 0
        1 -> 1
        2 -> max
        in 3..5 -> random.nextInt(minOf(max, 8) + 1)
        else -> random.nextInt(max + 1)
    }

internal fun bytes(random: Random, max: Int): ByteArray {
    val array = ByteArray(size(random, max))
    when (random.nextInt(4)) {
        0 -> random.nextBytes(array)
        1 -> array.fill(telling(random))
        2 -> for (i in array.indices) array[i] = telling(random)
        else -> for (i in array.indices) array[i] = ascii(random).code.toByte()
    }
    return array
}

/** A byte that means something to some framing. */
internal fun telling(random: Random): Byte = TELLING[random.nextInt(TELLING.size)].toByte()

private fun ascii(random: Random): Char = (' '.code + random.nextInt(95)).toChar()

private fun longIn(random: Random, first: Long, last: Long): Long {
    val any = if (last == Long.MAX_VALUE) random.nextLong(first, last) else random.nextLong(first, last + 1)
    return when (random.nextInt(6)) {
        0 -> first
        1 -> last
        2, 3 -> (any shr random.nextInt(Long.SIZE_BITS)).coerceIn(first, last)
        else -> any
    }
}

private val TELLING =
    listOf(0, 0, 1, 2, 4, 5, 0x7F, 0x80, 0x81, 0xFF, 0xFE, 0xC3, 0xE2, 0xF0) +
        "\r\n\r\n 019:,-+*$\"{}[]a".map { it.code }

private val ALPHABET =
    listOf("\r", "\n", "\r\n", "\u0000", "\t", "\u007F", "é", "ß", "€", "漢", "\uFFFD", "😀", "\uFEFF", "\u0301")
