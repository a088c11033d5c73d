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
public fun <T : Any> Codec<T>.after(prefix: ByteString): Codec<T> = Surrounded(Mark(prefix), this, null)

/** [prefix], which always says the same ([padding], say), then this. [prefix] must end by itself. */
public fun <T : Any> Codec<T>.after(prefix: Codec<Unit>): Codec<T> = Surrounded(prefix, this, null)

/** This, then [suffix], which is 1 byte or more. This one must end by itself. */
public fun <T : Any> Codec<T>.before(suffix: ByteString): Codec<T> = Surrounded(null, this, Mark(suffix))

/** This, then [suffix], which always says the same ([padding], say). This one must end by itself. */
public fun <T : Any> Codec<T>.before(suffix: Codec<Unit>): Codec<T> = Surrounded(null, this, suffix)

/**
 * This, with other reasons for what it refuses to decode: the protocol's own words. The positions stay.
 *
 * @param malformed the reason for bytes that break the format; null: as before.
 * @param tooLarge the reason for more bytes than a limit allows; null: as before.
 */
public fun <T : Any> Codec<T>.refusedAs(malformed: String? = null, tooLarge: String? = null): Codec<T> =
    Named(this, malformed, tooLarge)

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
    private val prefix: Codec<Unit>?,
    private val codec: Codec<T>,
    private val suffix: Codec<Unit>?,
) : Codec<T> {
    init {
        if (prefix != null) requireSelfDelimiting(prefix, "a prefix")
        if (suffix != null) requireSelfDelimiting(codec, "what something follows")
    }

    override val maxBytes = saturate(codec.maxBytes.toLong() + (prefix?.maxBytes ?: 0) + (suffix?.maxBytes ?: 0))
    override val untilEnd get() = (suffix ?: codec).untilEnd

    override fun encode(value: T, output: Output) {
        prefix?.encode(Unit, output)
        codec.encode(value, output)
        suffix?.encode(Unit, output)
    }

    override fun decoder(): Decoder<T> = SurroundedDecoder(prefix?.decoder(), codec.decoder(), suffix?.decoder())
}

private class SurroundedDecoder<T : Any>(
    private val before: Decoder<Unit>?,
    private val inner: Decoder<T>,
    private val after: Decoder<Unit>?,
) : Decoder<T> {
    private var begun = false
    private var pending: T? = null

    override fun decode(input: Input): T? {
        if (before != null && !begun && before.decode(input) == null) return null
        begun = true
        val value = pending ?: inner.decode(input) ?: return null
        val whole = after == null || after.decode(input) != null
        pending = if (whole) null else value
        if (!whole) return null
        begun = false
        return value
    }
}

private class Named<T : Any>(
    private val codec: Codec<T>,
    private val malformed: String?,
    private val tooLarge: String?,
) : Codec<T> by codec {
    override fun decoder(): Decoder<T> =
        object : Payload<T> {
            private val inner = codec.decoder()

            override val resumes get() = inner.resumes

            override fun decode(input: Input): T? = named { inner.decode(input) }

            override fun decodeExactly(input: Input, n: Int): T = named { inner.decodeWhole(input, n) }
        }

    private inline fun <R> named(decode: () -> R): R =
        try {
            decode()
        } catch (e: MalformedException) {
            throw if (malformed == null) e else MalformedException(malformed, e.position, e)
        } catch (e: TooLargeException) {
            throw if (tooLarge == null) e else TooLargeException(tooLarge, e.position, e)
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
