package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * Lines as a program in C finds them with strchr(3), each holding exactly one [payload]: up to the first byte of [end],
 * and as many more as [end] has, whichever they are. A NUL hides what follows it, so that a line with one in it never
 * ends. What Redis reads.
 *
 * @param end 1 byte or more, the first no NUL; all of them are written.
 * @param max the greatest number of bytes in front of the end, 0 or more; refused with the first byte too many.
 */
internal fun <T : Any> cLines(payload: Codec<T>, end: ByteString, max: Int = DEFAULT_MAX_LINE): Codec<T> =
    CLines(payload, end, max)

private class CLines<T : Any>(
    private val payload: Codec<T>,
    private val end: ByteString,
    private val max: Int,
) : Codec<T> {
    init {
        require(end.size >= 1 && end[0] != NUL) { "end is 1 byte or more, the first no NUL, was $end" }
        require(max >= 0) { "max >= 0, was $max" }
        require(max.toLong() + end.size <= MAX_ARRAY) { "max + end <= $MAX_ARRAY, was ${max.toLong() + end.size}" }
    }

    override val maxBytes = max + end.size

    override fun encode(value: T, output: Output) {
        val start = output.size
        payload.encode(value, output)
        if (output.size - start > max) throw tooLarge(output.size - start, max, "line")
        val ending = output.array.indexOfEither(end[0], NUL, start, output.size)
        require(ending < 0) { "payload without ${hex(end[0].toInt())} or NUL, was one at index ${ending - start}" }
        output.write(end)
    }

    override fun decoder(): Decoder<T> {
        val inner = payload.decoder()
        var searched = 0
        return Decoder { input ->
            val start = input.position
            val at = firstOf(input, maxOf(start, searched))
            val found = at < input.size && input[at] == end[0]
            val tooLarge = at - start > max || (!found && input.remaining > max)
            if (tooLarge) input.tooLarge("line <= $max bytes", start + max)
            searched = at
            if (!found || !input.has(at - start + end.size)) return@Decoder null
            searched = 0
            inner.decodeWhole(input, at - start).also { input.position = at + end.size }
        }
    }

    /** The index of the line's end or of the NUL that hides it, at [from] or behind; where neither is, the size. */
    private fun firstOf(input: Input, from: Int): Int {
        val at = input.array.indexOfEither(end[0], NUL, input.base + from, input.limit)
        val index = if (at < 0) input.size else at - input.base
        input.examined += index - from
        return index
    }

    private companion object {
        const val NUL: Byte = 0
    }
}
