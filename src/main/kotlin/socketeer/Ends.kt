package socketeer

import kotlinx.io.bytestring.ByteString

private const val CR = '\r'.code.toByte()
private const val LF = '\n'.code.toByte()

/** What ends a frame: where its first delimiter is, in arrays from start (the frame's first byte) to before to. */
internal sealed interface Ends {
    /** What is written; the greatest number of bytes. */
    val written: ByteArray
    val longest: Int

    /** What ends a frame that is being skipped. */
    val lenient: Ends get() = this

    /** The index behind the first delimiter that ends behind [from]; 0: none; -(index + 1) of a byte that's wrong. */
    fun find(array: ByteArray, start: Int, from: Int, to: Int): Int

    /** How long the longest delimiter is that ends before [end]; 0: none. */
    fun at(array: ByteArray, start: Int, end: Int): Int

    /** How long the longest unfinished delimiter is that ends before [to]; 0: none. */
    fun begun(array: ByteArray, start: Int, to: Int): Int
}

internal val LF_OR_CRLF = EarliestOf(listOf(ByteString(LF), ByteString(CR, LF)))

/**
 * The delimiter that ends first; of several that end there the longest.
 *
 * Looks for their last bytes only and compares backwards from there, so no state is needed where bytes are missing.
 */
internal class EarliestOf(delimiters: List<ByteString>) : Ends {
    init {
        require(delimiters.isNotEmpty()) { "delimiters >= 1, was 0" }
        require(delimiters.all { it.size > 0 }) { "size of a delimiter >= 1, was 0" }
        for (a in delimiters) for (b in delimiters) requireReachable(a, b)
        require(delimiters.toSet().size == delimiters.size) { "different delimiters = ${delimiters.size}, was fewer" }
    }

    private val longestFirst = delimiters.map { it.toByteArray() }.sortedByDescending { it.size }.toTypedArray()
    private val single = longestFirst.all { it.last() == longestFirst[0].last() }
    private val last = longestFirst[0].last()
    private val lasts = BooleanArray(BYTES).also { table ->
        longestFirst.forEach {
            table[it.last().toInt() and 0xFF] =
                true
        }
    }

    // Whether each last byte is a delimiter by itself, as LF is where CR LF is one too: then it needs no second look.
    private val certain = longestFirst.all { long -> longestFirst.any { it.size == 1 && it[0] == long.last() } }

    override val written = delimiters[0].toByteArray()
    override val longest = longestFirst[0].size

    override fun find(array: ByteArray, start: Int, from: Int, to: Int): Int {
        var at = from
        while (true) {
            at = if (single) array.indexOf(last, at, to) else indexOfLast(array, at, to)
            if (at < 0) return 0
            if (certain || at(array, start, at + 1) > 0) return at + 1
            at++
        }
    }

    override fun at(array: ByteArray, start: Int, end: Int): Int {
        for (delimiter in longestFirst) {
            if (endsWith(
                    array,
                    start,
                    end,
                    delimiter,
                    delimiter.size,
                )
            ) {
                return delimiter.size
            }
        }
        return 0
    }

    override fun begun(array: ByteArray, start: Int, to: Int): Int {
        for (n in longest - 1 downTo 1) {
            if (longestFirst.any { n < it.size && endsWith(array, start, to, it, n) }) return n
        }
        return 0
    }

    private fun requireReachable(long: ByteString, short: ByteString) {
        val inside = (0 until long.size - short.size).any { at ->
            (0 until short.size).all { long[at + it] == short[it] }
        }
        require(!inside) { "a delimiter that no other one ends within, was $long with $short in it" }
    }

    private fun indexOfLast(array: ByteArray, from: Int, to: Int): Int {
        for (i in from until to) if (lasts[array[i].toInt() and 0xFF]) return i
        return -1
    }

    private fun endsWith(array: ByteArray, start: Int, end: Int, delimiter: ByteArray, n: Int): Boolean {
        if (end - start < n) return false
        for (i in 1..n) if (array[end - i] != delimiter[n - i]) return false
        return true
    }

    private companion object {
        const val BYTES = 256
    }
}

/** CR LF, and neither of the two by itself: what lets no message be smuggled into another (CVE-2023-51747). */
internal object StrictCrlf : Ends {
    override val written = byteArrayOf(CR, LF)
    override val longest = 2
    override val lenient = EarliestOf(listOf(ByteString(written)))

    override fun find(array: ByteArray, start: Int, from: Int, to: Int): Int {
        if (from >= to) return 0
        if (from > start && array[from - 1] == CR) return if (array[from] == LF) from + 1 else -from
        val at = array.indexOfEither(CR, LF, from, to)
        return when {
            at < 0 -> 0
            array[at] == LF -> -(at + 1)
            at + 1 == to -> 0
            array[at + 1] == LF -> at + 2
            else -> -(at + 1)
        }
    }

    override fun at(array: ByteArray, start: Int, end: Int): Int = longest

    override fun begun(array: ByteArray, start: Int, to: Int): Int = if (to > start && array[to - 1] == CR) 1 else 0
}
