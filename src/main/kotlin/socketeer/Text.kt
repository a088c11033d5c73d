package socketeer

/**
 * UTF-8 text until its input ends; strict both ways: what isn't UTF-8 is refused with the byte's position, and so is a
 * lone surrogate when encoding. Source: RFC 3629.
 *
 * @param max the greatest number of bytes (not characters), 0 or more.
 */
public fun text(max: Int = DEFAULT_MAX_FRAME): Codec<String> = Text(max)

private class Text(private val max: Int) : Codec<String>, Payload<String> {
    init {
        require(max >= 0) { "max >= 0, was $max" }
    }

    override val maxBytes get() = max
    override val untilEnd get() = true

    override fun encode(value: String, output: Output) {
        if (value.length > max) throw tooLarge(value.length, max, "text")
        val start = output.size
        output.writeText(value)
        if (output.size - start > max) throw tooLarge(output.size - start, max, "text")
    }

    override fun decoder(): Decoder<String> = this

    override fun decode(input: Input): String? {
        if (input.remaining > max) input.tooLarge("text <= $max bytes", input.position + max)
        return if (input.ended) decodeExactly(input, input.remaining) else null
    }

    override fun decodeExactly(input: Input, n: Int): String {
        if (n > max) input.tooLarge("text <= $max bytes, was $n", input.position + max)
        return input.readText(n)
    }
}

/** Consumes [n] bytes as strict UTF-8; there must be as many ([Input.has]). */
public fun Input.readText(n: Int): String {
    checkHas(n)
    val text = String(array, cursor, n, Charsets.UTF_8)
    // The JDK puts U+FFFD for what isn't UTF-8; only where one stands is it worth telling which byte it was.
    if (text.indexOf('\uFFFD') >= 0) {
        val wrong = malformedUtf8(array, cursor, cursor + n)
        if (wrong >= 0) malformed("UTF-8 expected, ${hex(array[wrong].toInt())} is there", wrong - base)
    }
    examined += n
    if (n > 0) content = true
    cursor += n
    return text
}

/**
 * Writes [text] as UTF-8.
 *
 * @throws IllegalArgumentException if it has a lone surrogate; then nothing is written.
 */
public fun Output.writeText(text: String) {
    val bytes = text.encodeToByteArray()
    // The JDK puts a question mark for a lone surrogate; only where one stands is it worth looking for that.
    if (bytes.indexOf('?'.code.toByte(), 0, bytes.size) >= 0) refuseLoneSurrogates(text)
    write(bytes)
}

private fun refuseLoneSurrogates(text: String) {
    for (i in text.indices) {
        require(!text[i].isSurrogate() || paired(text, i)) { "text without lone surrogates, was one at index $i" }
    }
}

private fun paired(text: String, i: Int): Boolean =
    if (text[i].isHighSurrogate()) {
        i + 1 < text.length && text[i + 1].isLowSurrogate()
    } else {
        i > 0 && text[i - 1].isHighSurrogate()
    }

/** The index of the first byte from [from] to before [to] that can't stand there in UTF-8, or -1. */
internal fun malformedUtf8(array: ByteArray, from: Int, to: Int): Int {
    var at = from
    while (at < to) {
        val lead = array[at].toInt() and 0xFF
        val n = sequenceSize(lead)
        if (n == 0) return at
        for (i in 1 until n) {
            if (at + i >= to) return at
            val byte = array[at + i].toInt() and 0xFF
            val low = if (i == 1) secondLow(lead) else 0x80
            val high = if (i == 1) secondHigh(lead) else 0xBF
            if (byte !in low..high) return at + i
        }
        at += n
    }
    return -1
}

// RFC 3629, section 4: which second bytes a first one allows (no overlong forms, no surrogates, none past U+10FFFF).
private fun sequenceSize(lead: Int): Int =
    when (lead) {
        in 0x00..0x7F -> 1
        in 0xC2..0xDF -> 2
        in 0xE0..0xEF -> 3
        in 0xF0..0xF4 -> 4
        else -> 0
    }

private fun secondLow(lead: Int): Int = if (lead == 0xE0) {
    0xA0
} else if (lead == 0xF0) {
    0x90
} else {
    0x80
}

private fun secondHigh(lead: Int): Int = if (lead == 0xED) {
    0x9F
} else if (lead == 0xF4) {
    0x8F
} else {
    0xBF
}
