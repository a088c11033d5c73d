package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * Frames that end with a delimiter, which isn't part of them.
 *
 * @param delimiter one byte or more.
 * @param max the greatest number of bytes in front of the delimiter, 0 or more; refused with the first byte too many.
 */
public fun delimited(delimiter: ByteString, max: Int = DEFAULT_MAX_LINE): Codec<ByteString> =
    delimited(bytes(MAX_ARRAY), listOf(delimiter), max)

/**
 * Frames that end with one of [delimiters], each holding exactly one [payload].
 *
 * The first delimiter in the stream ends the frame; where two end at the same byte the longer one does. Encoding writes
 * the first of the list, and refuses a payload in which decoding would see a delimiter earlier.
 *
 * @param max the greatest number of bytes in front of the delimiter, 0 or more; refused with the first byte too many.
 * @param lastMayBeOpen whether the stream's last frame may lack its delimiter; otherwise that is an error.
 * @param resync whether decoding goes on behind the next delimiter after a frame that was too large or whose payload
 *   was refused; otherwise such an error ends the stream.
 * @throws IllegalArgumentException if a delimiter is empty, or contains another one before its end.
 */
public fun <T : Any> delimited(
    payload: Codec<T>,
    delimiters: List<ByteString>,
    max: Int = DEFAULT_MAX_LINE,
    lastMayBeOpen: Boolean = false,
    resync: Boolean = false,
): Codec<T> = Delimited(payload, EarliestOf(delimiters), max, lastMayBeOpen, resync)

/** How a line ends. */
public enum class LineEnd {
    /** LF, or CR LF, as it comes; LF is written. */
    ANY,

    /** CR LF and nothing else: a CR or an LF by itself is malformed. What SMTP, HTTP and RESP ask for. */
    CRLF,
}

/** Lines of strict UTF-8, without their ends; see [delimited] for [max], [lastMayBeOpen] and [resync]. */
public fun lines(
    end: LineEnd = LineEnd.ANY,
    max: Int = DEFAULT_MAX_LINE,
    lastMayBeOpen: Boolean = false,
    resync: Boolean = false,
): Codec<String> = lines(text(MAX_ARRAY), end, max, lastMayBeOpen, resync)

/** Lines that each hold exactly one [payload]; see [delimited] for [max], [lastMayBeOpen] and [resync]. */
public fun <T : Any> lines(
    payload: Codec<T>,
    end: LineEnd = LineEnd.ANY,
    max: Int = DEFAULT_MAX_LINE,
    lastMayBeOpen: Boolean = false,
    resync: Boolean = false,
): Codec<T> = Delimited(payload, if (end == LineEnd.CRLF) StrictCrlf else LF_OR_CRLF, max, lastMayBeOpen, resync)

private class Delimited<T : Any>(
    private val payload: Codec<T>,
    private val ends: Ends,
    private val max: Int,
    private val lastMayBeOpen: Boolean,
    private val resync: Boolean,
) : Codec<T> {
    init {
        require(max >= 0) { "max >= 0, was $max" }
        require(max.toLong() + ends.longest <= MAX_ARRAY) {
            "max + longest delimiter <= $MAX_ARRAY, was ${max.toLong() + ends.longest}"
        }
    }

    override val maxBytes = max + ends.longest

    override fun encode(value: T, output: Output) {
        val start = output.size
        payload.encode(value, output)
        val end = output.size
        if (end - start > max) throw tooLarge(end - start, max, "line")
        output.writeFew(ends.written)
        val first = ends.find(output.array, start, start, output.size)
        require(first == output.size && ends.at(output.array, start, first) == output.size - end) {
            "payload without a delimiter, was one at index ${(if (first < 0) -first else first) - 1 - start}"
        }
    }

    override fun decoder(): Decoder<T> = DelimitedDecoder(payload, ends, max, lastMayBeOpen, resync)
}

private class DelimitedDecoder<T : Any>(
    private val codec: Codec<T>,
    private val ends: Ends,
    private val max: Int,
    private val lastMayBeOpen: Boolean,
    private val resync: Boolean,
) : Decoder<T> {
    private var payload = codec.decoder()
    private val exact = payload as? Payload<T>

    // Up to which index no delimiter ends; what is in front of it is never searched again.
    private var searched = 0
    private var discarding = false

    override val resumes get() = resync

    override fun decode(input: Input): T? {
        if (discarding) return discard(input)
        val start = input.position
        val found = find(ends, input, start)
        if (found < 0) refuseWrong(input, start, -found - 1)
        if (found == 0 && !(input.ended && lastMayBeOpen)) return awaitMore(input, start)
        searched = 0
        val next = if (found == 0) input.size else found
        val ending = if (found == 0) 0 else ends.at(input.array, input.base + start, input.base + found)
        val n = next - start - ending
        if (n > max) refuseLarge(input, start, next, discard = false)
        if (found == 0 && n == 0) return null
        return deliver(input, n, next)
    }

    private fun deliver(input: Input, n: Int, next: Int): T {
        if (!resync) {
            input.framed = true
            val value = exact?.decodeExactly(input, n) ?: payload.decodeWhole(input, n)
            input.position = next
            return value
        }
        var delivered = false
        try {
            return payload.decodeWhole(input, n).also { delivered = true }
        } finally {
            if (!delivered) payload = codec.decoder()
            input.position = next
        }
    }

    private fun awaitMore(input: Input, start: Int): T? {
        val n = input.size - start
        val begun = if (n > max) ends.begun(input.array, input.base + start, input.limit) else 0
        // Even if what may be the beginning of a delimiter is one, there are too many bytes in front of it.
        if (n - begun > max) refuseLarge(input, start, input.size - begun, discard = true)
        searched = input.size
        return null
    }

    private fun refuseWrong(input: Input, start: Int, wrong: Int): Nothing {
        if (wrong - start > max) refuseLarge(input, start, wrong, discard = true)
        val there = hex(input[wrong].toInt())
        skipTo(input, wrong + 1, discard = true)
        input.malformed("CR LF expected, $there by itself is there", wrong)
    }

    private fun refuseLarge(input: Input, start: Int, next: Int, discard: Boolean): Nothing {
        skipTo(input, next, discard)
        input.tooLarge("line <= $max bytes", start + max)
    }

    private fun skipTo(input: Input, next: Int, discard: Boolean) {
        searched = 0
        if (!resync) return
        discarding = discard
        input.position = next
    }

    /** Lets go of what comes up to the next delimiter; holds no more of it than a delimiter's beginning. */
    private fun discard(input: Input): T? {
        val start = input.position
        val found = find(ends.lenient, input, start)
        discarding = found == 0
        val kept = if (found > 0 || input.ended) 0 else ends.lenient.begun(input.array, input.base + start, input.limit)
        input.position = if (found > 0) found else input.size - kept
        input.discard()
        searched = kept
        return null
    }

    /** The index behind the first delimiter; 0 if there's none; -(index + 1) of a byte that must not stand there. */
    private fun find(ends: Ends, input: Input, start: Int): Int {
        val from = maxOf(start, searched)
        val found = ends.find(input.array, input.base + start, input.base + from, input.limit)
        val seen = if (found == 0) {
            input.limit
        } else if (found > 0) {
            found
        } else {
            -found
        }
        input.examined += seen - input.base - from
        return if (found == 0) {
            0
        } else if (found > 0) {
            found - input.base
        } else {
            found + input.base
        }
    }
}
