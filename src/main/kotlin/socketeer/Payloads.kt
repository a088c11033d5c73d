package socketeer

import java.util.zip.CRC32C
import java.util.zip.Checksum
import java.util.zip.DataFormatException
import java.util.zip.Deflater
import java.util.zip.Inflater

private const val CHECKSUM_BYTES = 4

/**
 * This, then four bytes with the checksum of its bytes, the highest first; a wrong one is malformed.
 *
 * @param checksum makes what computes it; CRC32C (RFC 3720, appendix B.4) by default, of which 32 bits are used.
 */
public fun <T : Any> Codec<T>.checksummed(checksum: () -> Checksum = ::CRC32C): Codec<T> = Checksummed(this, checksum)

/**
 * This, deflated, to the end of its input; what is compressed may be of any size that expands to [max] bytes or fewer.
 *
 * Expanding stops with the first byte above [max]. Source: RFC 1951 in the wrapping of RFC 1950 (zlib).
 *
 * @param max the greatest number of bytes it expands to, 0 or more.
 * @param maxBytes the greatest number of compressed bytes.
 */
public fun <T : Any> Codec<T>.deflated(max: Int = DEFAULT_MAX_FRAME, maxBytes: Int = deflatedBound(max)): Codec<T> {
    require(max >= 0) { "max >= 0, was $max" }
    require(maxBytes >= 1) { "maxBytes >= 1, was $maxBytes" }
    return Deflated(this, max, maxBytes)
}

/** What [max] bytes that can't be compressed take: blocks of 16 KiB with 5 bytes each, 6 around them all. */
private fun deflatedBound(max: Int): Int = saturate(max + 5L * (max / 16_383 + 1) + 6 + max / 1_000)

private class Checksummed<T : Any>(private val codec: Codec<T>, private val checksum: () -> Checksum) : Codec<T> {
    override val maxBytes = saturate(codec.maxBytes.toLong() + CHECKSUM_BYTES)
    override val untilEnd get() = codec.untilEnd

    override fun encode(value: T, output: Output) {
        val start = output.size
        codec.encode(value, output)
        val sum = checksum().apply { update(output.array, start, output.size - start) }
        output.writeNumber(sum.value, CHECKSUM_BYTES)
    }

    override fun decoder(): Decoder<T> {
        val inner = codec.decoder()
        var start = -1
        var pending: T? = null
        return Decoder { input ->
            if (start < 0) start = input.position
            val value = pending ?: decodeBody(inner, input)
            pending = value
            if (value == null || !input.has(CHECKSUM_BYTES)) return@Decoder null
            verify(input, start)
            pending = null
            start = -1
            value
        }
    }

    /** What is open takes all but the last four bytes, and which they are shows at the end. */
    private fun decodeBody(inner: Decoder<T>, input: Input): T? {
        if (!codec.untilEnd) return inner.decode(input)
        if (!input.ended) return null
        if (input.remaining < CHECKSUM_BYTES) return null.also { input.has(CHECKSUM_BYTES) }
        return inner.decodeWhole(input, input.remaining - CHECKSUM_BYTES)
    }

    private fun verify(input: Input, start: Int) {
        val at = input.position
        val sum = checksum().apply { update(input.array, input.base + start, at - start) }.value and MASK
        input.examined += at - start
        val there = input.numberAt(at, CHECKSUM_BYTES, java.nio.ByteOrder.BIG_ENDIAN)
        if (there != sum) input.malformed("checksum ${hex(sum)} expected, ${hex(there)} is there", at)
        input.cursor += CHECKSUM_BYTES
    }

    private fun hex(sum: Long) = "0x" + sum.toString(16).padStart(8, '0')
}

private class Deflated<T : Any>(
    private val codec: Codec<T>,
    private val max: Int,
    override val maxBytes: Int,
) : Codec<T> {
    override val untilEnd get() = true

    override fun encode(value: T, output: Output) {
        val plain = Output().also { it.append(codec, value) }
        if (plain.size > max) throw tooLarge(plain.size, max, "bytes to deflate")
        val deflater = Deflater()
        try {
            deflater.setInput(plain.array, 0, plain.size)
            deflater.finish()
            while (!deflater.finished()) {
                output.reserve(MIN_ARRAY.toInt())
                output.size += deflater.deflate(output.array, output.size, output.array.size - output.size)
            }
        } finally {
            deflater.end()
        }
    }

    override fun decoder() =
        Decoder { input ->
            if (!input.ended) {
                null
            } else {
                val start = input.position
                val plain = Output()
                val used = inflate(input, plain)
                if (used < input.remaining) {
                    input.malformed("${input.remaining - used} bytes too many behind what was deflated", start + used)
                }
                whole(input, plain).also { input.position = start + used }
            }
        }

    /** Expands what remains of [input] into [plain]: how many bytes of it that took. */
    private fun inflate(input: Input, plain: Output): Int {
        val inflater = Inflater()
        try {
            inflater.setInput(input.array, input.cursor, input.remaining)
            input.examined += input.remaining
            input.framed = true
            while (!inflater.finished()) {
                plain.reserve(MIN_ARRAY.toInt())
                val n = inflater.inflate(plain.array, plain.size, plain.array.size - plain.size)
                plain.size += n
                val used = input.position + inflater.totalIn
                if (plain.size > max) input.tooLarge("what was deflated expands to <= $max bytes", used)
                if (n == 0 &&
                    inflater.needsDictionary()
                ) {
                    input.malformed("no preset dictionary expected, one is asked for", used)
                }
                if (n == 0 && inflater.needsInput() && !inflater.finished()) {
                    input.malformed(
                        "deflated bytes end inside: have ${input.remaining}, need ${input.remaining + 1}",
                        used,
                    )
                }
            }
            return inflater.totalIn
        } catch (e: DataFormatException) {
            input.malformed("deflated bytes expected, ${e.message}", input.position + inflater.totalIn)
        } finally {
            inflater.end()
        }
    }

    private fun whole(input: Input, plain: Output): T {
        val at = input.offset + input.position
        try {
            val inside = Input()
            inside.array = plain.array
            inside.limit = plain.size
            inside.ended = true
            val value = codec.decoder().decodeWhole(inside, plain.size)
            if (inside.content) input.content = true
            return value
        } catch (e: MalformedException) {
            throw MalformedException("in what was deflated, at its byte ${e.position}: ${e.reason}", at, e)
        } catch (e: TooLargeException) {
            throw TooLargeException("in what was deflated, at its byte ${e.position}: ${e.reason}", at, e)
        }
    }
}
