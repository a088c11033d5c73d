package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * Frames with their length in front: four bytes, the highest first, unless told otherwise.
 *
 * The general layout, which says what Netty's and Tokio's builders say:
 * `offset bytes | length | announced + adjustment bytes | trailer`.
 *
 * An announced length above [max] is refused before its bytes are awaited, and no memory is taken for it.
 *
 * @param offset how many bytes stand in front of the length; encoded as zeros where they were stripped.
 * @param adjustment what to add to the announced length to get how many bytes are behind it: -4 if it counts itself.
 * @param strip how many of the frame's first bytes aren't part of the message; by default all up to the length's end.
 * @param max the greatest number of bytes behind the length, 0 or more; by default 1 MiB or what the length can say.
 * @param trailer what ends the frame behind the counted bytes.
 * @throws IllegalArgumentException naming the broken inequality.
 */
public fun lengthPrefixed(
    length: Length = Length.Binary(),
    offset: Int = 0,
    adjustment: Int = 0,
    strip: Int = offset + length.size,
    max: Int = defaultMax(length, adjustment),
    trailer: ByteString = NO_BYTES,
): Codec<ByteString> = LengthPrefixed(Layout(length, max, offset, adjustment, strip, trailer), bytes(MAX_ARRAY))

/** Frames with their length in front as [lengthPrefixed], each holding exactly one [payload]. */
public fun <T : Any> lengthPrefixed(
    payload: Codec<T>,
    length: Length = Length.Binary(),
    offset: Int = 0,
    adjustment: Int = 0,
    strip: Int = offset + length.size,
    max: Int = defaultMax(length, adjustment),
    trailer: ByteString = NO_BYTES,
): Codec<T> = LengthPrefixed(Layout(length, max, offset, adjustment, strip, trailer), payload)

/** Netstrings, `5:hello,`, of at most [max] bytes. Source: D. J. Bernstein, "Netstrings", 1997. */
public fun netstring(max: Int = DEFAULT_MAX_FRAME): Codec<ByteString> = netstring(bytes(MAX_ARRAY), max)

/** Netstrings of at most [max] bytes, each holding exactly one [payload]. */
public fun <T : Any> netstring(payload: Codec<T>, max: Int = DEFAULT_MAX_FRAME): Codec<T> =
    lengthPrefixed(payload, Length.Decimal(":"), max = max, trailer = ByteString(','.code.toByte()))

private fun defaultMax(length: Length, adjustment: Int): Int =
    // Compared so that 2^63 - 1 and an adjustment don't overflow.
    if (length.greatest - DEFAULT_MAX_FRAME >=
        -adjustment.toLong()
    ) {
        DEFAULT_MAX_FRAME
    } else {
        (length.greatest + adjustment).toInt()
    }

/** The checked numbers of a length-prefixed framing. */
private class Layout(
    val length: Length,
    val max: Int,
    val offset: Int,
    val adjustment: Int,
    val strip: Int,
    val trailer: ByteString,
) {
    /** Bytes up to the length's end; for lengths of differing size, nothing but the length. */
    val head = offset + length.size

    /** How many bytes behind the length aren't part of the message. */
    val skipped = maxOf(0, strip - head)

    /** What the message starts with the length's own bytes, or bytes in front of it. */
    val keepsLength = strip < head

    val greatestAnnounced = minOf(length.greatest, max.toLong() - adjustment)
    val maxBytes = offset.toLong() + length.maxBytes + max + trailer.size

    init {
        require(offset >= 0) { "offset >= 0, was $offset" }
        require(max >= 0) { "max >= 0, was $max" }
        require(adjustment <= max) { "adjustment <= max = $max, was $adjustment" }
        require(max.toLong() - adjustment <= length.greatest) {
            "max - adjustment <= ${length.greatest} (what the length can say), was ${max.toLong() - adjustment}"
        }
        require(maxBytes <= MAX_ARRAY) { "offset + length + max + trailer <= $MAX_ARRAY bytes, was $maxBytes" }
        require(strip in 0..offset || strip >= head) { "strip <= offset = $offset or strip >= $head, was $strip" }
        require(skipped <= max) { "strip <= offset + length + max = ${head + max}, was $strip" }
        require(length.size > 0 || (offset == 0 && strip == 0)) {
            "offset = strip = 0 with a length of differing size, was offset = $offset, strip = $strip"
        }
    }
}

private class LengthPrefixed<T : Any>(private val layout: Layout, private val payload: Codec<T>) : Codec<T> {
    override val maxBytes = layout.maxBytes.toInt()

    override fun decoder(): Decoder<T> = LengthDecoder(layout, payload.decoder())

    // Bytes behind nothing but their length: how many they are is known beforehand.
    private val plain = payload is Payload<*> && layout.strip == layout.length.size && layout.offset == 0
    private val maxPayload = payload.maxBytes
    private val trailer = layout.trailer.toByteArray()

    override fun encode(value: T, output: Output) {
        when {
            plain && value is ByteString -> encodeBytes(value, output)
            layout.length.size == 0 -> encodeVarying(value, output)
            else -> encodeFixed(value, output)
        }
        output.writeFew(trailer)
    }

    private fun encodeBytes(value: ByteString, output: Output) {
        if (value.size > maxPayload) throw tooLarge(value.size, maxPayload, "bytes")
        val announced = announced(value.size)
        output.reserve(layout.length.maxBytes + value.size)
        layout.length.write(announced, output)
        output.write(value)
    }

    private fun encodeFixed(value: T, output: Output) {
        val start = output.size
        output.skip(if (layout.keepsLength) layout.strip else layout.head + layout.skipped)
        payload.encode(value, output)
        val announced = announced(output.size - start - layout.head)
        val from = start + layout.offset
        val kept = if (layout.keepsLength) output.array.copyOfRange(from, start + layout.head) else null
        layout.length.put(announced, output.array, from)
        require(kept == null || kept.contentEquals(output.array.copyOfRange(from, start + layout.head))) {
            "length in the message = $announced, was another"
        }
    }

    // How many bytes the length takes is known when the payload is written; it is then moved to the back by as many.
    private fun encodeVarying(value: T, output: Output) {
        val start = output.size
        payload.encode(value, output)
        val announced = announced(output.size - start)
        output.insert(start, layout.length.sizeOf(announced))
        layout.length.put(announced, output.array, start)
    }

    private fun announced(behind: Int): Long {
        if (behind > layout.max) throw tooLarge(behind, layout.max, "length")
        val announced = behind.toLong() - layout.adjustment
        require(behind >= 0 && announced >= 0) { "length - adjustment >= 0, was $behind - ${layout.adjustment}" }
        return announced
    }
}

private class LengthDecoder<T : Any>(private val layout: Layout, private val payload: Decoder<T>) : Decoder<T> {
    private val length = layout.length.forStream()
    private val offset = layout.offset
    private val adjustment = layout.adjustment
    private val greatest = layout.greatestAnnounced
    private val trailer = layout.trailer.toByteArray()
    private val stripsHead = !layout.keepsLength && layout.skipped == 0
    private val exact = payload as? Payload<T>

    // Where the frame starts and how many bytes follow its length, while they haven't all come.
    private var start = 0
    private var pending = NONE

    override fun decode(input: Input): T? {
        var n = pending
        if (n < 0) {
            n = header(input)
            if (n < 0) return null
        }
        if (!input.has(n + trailer.size)) {
            pending = n
            return null
        }
        pending = NONE
        if (!stripsHead) n = strip(input, n)
        input.framed = true
        val value = exact?.decodeExactly(input, n) ?: payload.decodeWhole(input, n)
        if (trailer.isNotEmpty()) input.expect(trailer)
        return value
    }

    /** Consumes all up to the length's end: how many bytes follow, or [NONE] if it hasn't come. */
    private fun header(input: Input): Int {
        start = input.position
        if (offset > 0) {
            if (!input.has(layout.head)) return NONE
            input.cursor += offset
        }
        val at = input.position
        val announced = length.read(input, greatest)
        if (announced == NOT_YET) return NONE
        val behind = announced + adjustment
        if (behind < layout.skipped) {
            input.malformed("length >= ${layout.skipped - adjustment} expected, $announced is there", at)
        }
        return behind.toInt()
    }

    /** Moves to the message's first byte, which isn't the first behind the length: how many bytes it has. */
    private fun strip(input: Input, behind: Int): Int {
        val end = input.position + behind
        input.position = if (layout.keepsLength) start + layout.strip else input.position + layout.skipped
        return end - input.position
    }

    private companion object {
        const val NONE = -1
    }
}
