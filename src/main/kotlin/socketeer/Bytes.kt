package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * All bytes until the input ends: until the peer shuts down writing, or until the end of what surrounds them.
 *
 * @param max the greatest number of bytes, 0 or more.
 */
public fun bytes(max: Int = DEFAULT_MAX_FRAME): Codec<ByteString> = BytesToEnd(max)

/** Exactly [size] bytes, 0 or more (0 only inside something else: a stream of nothing never advances). */
public fun fixed(size: Int): Codec<ByteString> {
    require(size >= 0) { "size >= 0, was $size" }
    return FixedBytes(size)
}

/** Exactly [bytes], of which there are 1 or more: a magic number, a separator. */
public fun constant(bytes: ByteString): Codec<Unit> = Mark(bytes, counts = true)

/**
 * As many bytes as [bytes] has, 1 or more, whichever they are: what decoding doesn't look at. [bytes] are written.
 */
public fun padding(bytes: ByteString): Codec<Unit> {
    require(bytes.size >= 1) { "size of padding >= 1, was ${bytes.size}" }
    return Padding(bytes)
}

/** A decoder that, given that exactly the next [n][decodeExactly] bytes are its value, needs no window on them. */
internal interface Payload<out T : Any> : Decoder<T> {
    fun decodeExactly(input: Input, n: Int): T
}

/**
 * The value that the next [n] bytes are, all of which have come ([Input.has]): how a framing of one's own hands its
 * payload on.
 *
 * @throws MalformedException, TooLargeException if they aren't one value, all of them and no more.
 */
public fun <T : Any> Decoder<T>.decodeWhole(input: Input, n: Int): T {
    input.framed = true
    if (this is Payload<T>) return decodeExactly(input, n)
    input.checkHas(n)
    val start = input.position
    val end = start + n
    val value = within(input, end, ended = true) { decode(input) }
    if (value ==
        null
    ) {
        input.malformed("payload ends inside: have $n bytes, need ${maxOf(input.wanted - start, n + 1)}", end)
    }
    if (input.position != end) input.malformed("${end - input.position} bytes too many in a payload of $n")
    return value
}

/** Runs [block] with a view that ends before index [end], where the input [ended] or just isn't seen. */
internal inline fun <T> within(input: Input, end: Int, ended: Boolean, block: () -> T): T {
    val limit = input.limit
    val wasEnded = input.ended
    input.limit = input.base + end
    input.ended = ended
    try {
        return block()
    } finally {
        input.limit = limit
        input.ended = wasEnded
    }
}

private class BytesToEnd(private val max: Int) : Codec<ByteString>, Payload<ByteString> {
    init {
        require(max >= 0) { "max >= 0, was $max" }
    }

    override val maxBytes get() = max
    override val untilEnd get() = true

    override fun encode(value: ByteString, output: Output) {
        if (value.size > max) throw tooLarge(value.size, max, "bytes")
        output.write(value)
    }

    override fun decoder(): Decoder<ByteString> = this

    override fun decode(input: Input): ByteString? {
        if (input.remaining > max) input.tooLarge("bytes until the end <= $max", input.position + max)
        return if (input.ended) input.readBytes(input.remaining) else null
    }

    override fun decodeExactly(input: Input, n: Int): ByteString {
        if (n > max) input.tooLarge("bytes <= $max, was $n", input.position + max)
        return input.readBytes(n)
    }
}

private class FixedBytes(private val size: Int) : Codec<ByteString>, Decoder<ByteString> {
    override val maxBytes get() = size

    override fun encode(value: ByteString, output: Output) {
        require(value.size == size) { "size = $size bytes, was ${value.size}" }
        output.write(value)
    }

    override fun decoder(): Decoder<ByteString> = this

    override fun decode(input: Input): ByteString? = if (input.has(size)) input.readBytes(size) else null
}

/**
 * Certain bytes and no others, compared as they come: a wrong one is refused without waiting for those behind it.
 *
 * @param counts whether they are something by themselves, so that a frame of nothing else isn't an empty one.
 */
internal class Mark(private val bytes: ByteString, private val counts: Boolean = false) : Codec<Unit> {
    private val few = bytes.toByteArray()

    init {
        require(bytes.size >= 1) { "size of a constant >= 1, was ${bytes.size}" }
    }

    override val maxBytes get() = bytes.size

    override fun encode(value: Unit, output: Output): Unit = output.writeFew(few)

    override fun decoder(): Decoder<Unit> {
        val expected = Expected(bytes)
        return Decoder { input -> if (expected.passes(input)) content(input) else null }
    }

    private fun content(input: Input) {
        if (counts) input.content = true
    }
}

/** [bytes] and no others, on their way. */
internal class Expected(bytes: ByteString) {
    private val bytes = bytes.toByteArray()
    private var seen = 0

    /** True if all of them are consumed now; false: more have to come. */
    fun passes(input: Input): Boolean {
        val n = minOf(bytes.size - seen, input.remaining)
        input.expect(bytes, seen, seen + n)
        seen += n
        if (seen < bytes.size) return input.has(1)
        seen = 0
        return true
    }
}

private class Padding(private val bytes: ByteString) : Codec<Unit>, Decoder<Unit> {
    override val maxBytes get() = bytes.size

    override fun encode(value: Unit, output: Output): Unit = output.write(bytes)

    override fun decoder(): Decoder<Unit> = this

    override fun decode(input: Input): Unit? {
        if (!input.has(bytes.size)) return null
        input.cursor += bytes.size
        return Unit
    }
}

/** Consumes what must be [bytes] from [from] to before [to]; there are as many. */
internal fun Input.expect(bytes: ByteArray, from: Int = 0, to: Int = bytes.size) {
    val start = cursor - from
    for (i in from until to) if (array[start + i] != bytes[i]) wrong(bytes[i], start + i - base)
    examined += to - from
    cursor = start + to
}

private fun Input.wrong(expected: Byte, index: Int): Nothing =
    malformed("byte ${hex(expected.toInt())} expected, ${hex(get(index).toInt())} is there", index)

internal fun hex(byte: Int): String = "0x" + (byte and 0xFF).toString(16).padStart(2, '0')
