package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * The same frames as other values: [decoded] makes one of what was decoded, [encoded] undoes it.
 *
 * Where [decoded] throws IllegalArgumentException the frame is malformed (at its first byte); where [encoded] throws it
 * the value is refused.
 */
public fun <A : Any, B : Any> Codec<A>.map(
    decoded: (A) -> B,
    encoded: (B) -> A,
): Codec<B> = Mapped(this, decoded, encoded)

/** This, then [next], as a pair. This one must end by itself. */
public infix fun <A : Any, B : Any> Codec<A>.then(next: Codec<B>): Codec<Pair<A, B>> = Sequence(this, next)

/** [prefix], then this: a magic number in front of a value. [prefix] is 1 byte or more. */
public fun <T : Any> Codec<T>.after(prefix: ByteString): Codec<T> = Surrounded(prefix, this, NO_BYTES)

/** This, then [suffix], which is 1 byte or more. This one must end by itself. */
public fun <T : Any> Codec<T>.before(suffix: ByteString): Codec<T> = Surrounded(NO_BYTES, this, suffix)

/**
 * At most [max] bytes of this, 0 or more; a greater frame is refused as soon as its bytes show it.
 */
public fun <T : Any> Codec<T>.limit(max: Int): Codec<T> {
    require(max >= 0) { "max >= 0, was $max" }
    return Limited(this, max)
}

private class Mapped<A : Any, B : Any>(
    private val codec: Codec<A>,
    private val decoded: (A) -> B,
    private val encoded: (B) -> A,
) : Codec<B> {
    override val maxBytes get() = codec.maxBytes
    override val untilEnd get() = codec.untilEnd

    override fun encode(value: B, output: Output) = codec.encode(encoded(value), output)

    override fun decoder(): Decoder<B> =
        object : Payload<B> {
            private val inner = codec.decoder()
            private var start = -1

            override val resumes get() = inner.resumes

            override fun decode(input: Input): B? {
                if (start < 0) start = input.position
                val from = start
                start = -1
                val value = inner.decode(input)
                if (value == null) start = from
                return if (value == null) null else convert(input, value, from)
            }

            override fun decodeExactly(input: Input, n: Int): B {
                val from = input.position
                return convert(input, inner.decodeWhole(input, n), from)
            }
        }

    private fun convert(input: Input, value: A, from: Int): B =
        try {
            decoded(value)
        } catch (e: IllegalArgumentException) {
            input.malformed(e.message ?: "a value expected that can be converted", from)
        }
}

private class Sequence<A : Any, B : Any>(private val a: Codec<A>, private val b: Codec<B>) : Codec<Pair<A, B>> {
    init {
        requireSelfDelimiting(a, "what something follows")
    }

    override val maxBytes = saturate(a.maxBytes.toLong() + b.maxBytes)
    override val untilEnd get() = b.untilEnd

    override fun encode(value: Pair<A, B>, output: Output) {
        a.encode(value.first, output)
        b.encode(value.second, output)
    }

    override fun decoder(): Decoder<Pair<A, B>> {
        val head = a.decoder()
        val tail = b.decoder()
        var first: A? = null
        return Decoder { input ->
            val one = first ?: head.decode(input) ?: return@Decoder null
            val two = tail.decode(input)
            first = if (two == null) one else null
            if (two == null) null else one to two
        }
    }
}

private class Surrounded<T : Any>(
    private val prefix: ByteString,
    private val codec: Codec<T>,
    private val suffix: ByteString,
) : Codec<T> {
    init {
        require(prefix.size + suffix.size >= 1) { "size of a constant >= 1, was 0" }
        if (suffix.size > 0) requireSelfDelimiting(codec, "what something follows")
    }

    override val maxBytes = saturate(codec.maxBytes.toLong() + prefix.size + suffix.size)
    override val untilEnd get() = codec.untilEnd

    private val front = prefix.toByteArray()
    private val back = suffix.toByteArray()

    override fun encode(value: T, output: Output) {
        output.writeFew(front)
        codec.encode(value, output)
        output.writeFew(back)
    }

    override fun decoder(): Decoder<T> = SurroundedDecoder(Expected(prefix), codec.decoder(), Expected(suffix))
}

private class SurroundedDecoder<T : Any>(
    private val before: Expected,
    private val inner: Decoder<T>,
    private val after: Expected,
) : Decoder<T> {
    private var begun = false
    private var pending: T? = null

    override fun decode(input: Input): T? {
        if (!begun && !before.passes(input)) return null
        begun = true
        val value = pending ?: inner.decode(input) ?: return null
        val whole = after.passes(input)
        pending = if (whole) null else value
        if (!whole) return null
        begun = false
        return value
    }
}

private class Limited<T : Any>(private val codec: Codec<T>, private val max: Int) : Codec<T> {
    override val maxBytes = minOf(codec.maxBytes, max)
    override val untilEnd get() = codec.untilEnd

    override fun encode(value: T, output: Output) {
        val start = output.size
        codec.encode(value, output)
        if (output.size - start > max) throw tooLarge(output.size - start, max, "frame")
    }

    override fun decoder(): Decoder<T> {
        val inner = codec.decoder()
        var start = -1
        return Decoder { input ->
            if (start < 0) start = input.position
            val end = minOf(start.toLong() + max, input.size.toLong()).toInt()
            val cut = end < input.size
            val value = within(input, end, ended = input.ended && !cut) { inner.decode(input) }
            val short = input.wanted.toLong() > start.toLong() + max && !codec.untilEnd && !input.ended
            if (value == null &&
                (cut || short)
            ) {
                input.tooLarge("<= $max bytes from byte ${input.offset + start}", start + max)
            }
            if (value != null) start = -1
            value
        }
    }
}
