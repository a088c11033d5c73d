package socketeer

import kotlin.reflect.KClass

/**
 * A header, then the body whose codec the header decides.
 *
 * @param maxBody the greatest body in bytes, whatever codec [body] gives.
 */
public fun <H : Any, B : Any> Codec<H>.body(
    maxBody: Int = DEFAULT_MAX_FRAME,
    body: (H) -> Codec<B>,
): Codec<Pair<H, B>> =
    HeaderBody(this, maxBody, body)

/** One alternative of [tagged]: values of [type] are [codec]'s bytes behind [tag]. */
public class Case<K : Any, T : Any>(internal val tag: K, internal val type: KClass<T>, internal val codec: Codec<T>)

/** The alternative that values of [T] are [codec]'s bytes behind [tag]. */
public inline fun <K : Any, reified T : Any> case(tag: K, codec: Codec<T>): Case<K, T> = Case(tag, T::class, codec)

/**
 * A tag, then the bytes of the case that has this tag: a sum type. A value is encoded by the first case of its type.
 *
 * @throws IllegalArgumentException if there's no case, or two with one tag.
 */
public fun <K : Any, T : Any> tagged(
    tag: Codec<K>,
    vararg cases: Case<K, out T>,
): Codec<T> = Tagged(tag, cases.toList())

/**
 * This where the next byte is [first], which stays to be decoded, and [otherwise] where it isn't: two ways to write the
 * same values, as Redis's commands and the ones typed by hand. This is how they're encoded.
 *
 * @param first what this always begins with.
 */
public fun <T : Any> Codec<T>.ifNext(first: Byte, otherwise: Codec<T>): Codec<T> = IfNext(this, first, otherwise)

private class IfNext<T : Any>(
    private val codec: Codec<T>,
    private val first: Byte,
    private val otherwise: Codec<T>,
) : Codec<T> {
    init {
        require(codec.untilEnd == otherwise.untilEnd) { "both end by themselves or neither does" }
    }

    override val maxBytes = maxOf(codec.maxBytes, otherwise.maxBytes)
    override val untilEnd get() = codec.untilEnd

    override fun encode(value: T, output: Output) {
        val start = output.size
        codec.encode(value, output)
        val begins = output.size > start && output.array[start] == first
        require(begins) { "first byte = ${hex(first.toInt())}, was another" }
    }

    override fun decoder(): Decoder<T> {
        val usual = codec.decoder()
        val other = otherwise.decoder()
        var current: Decoder<T>? = null
        return Decoder { input ->
            val chosen = current ?: run {
                if (!input.has(1)) return@Decoder null
                if (input[input.position] == first) usual else other
            }
            val value = chosen.decode(input)
            current = if (value == null) chosen else null
            value
        }
    }
}

private class HeaderBody<H : Any, B : Any>(
    private val header: Codec<H>,
    private val maxBody: Int,
    private val body: (H) -> Codec<B>,
) : Codec<Pair<H, B>> {
    init {
        requireSelfDelimiting(header, "a header")
        require(maxBody >= 0) { "maxBody >= 0, was $maxBody" }
    }

    override val maxBytes = saturate(header.maxBytes.toLong() + maxBody)

    // Which body comes isn't known before its header: only a body that ends by itself can be followed by a frame.
    private fun bodyOf(value: H) = body(value).limit(maxBody).also { requireSelfDelimiting(it, "a body") }

    override fun encode(value: Pair<H, B>, output: Output) {
        header.encode(value.first, output)
        bodyOf(value.first).encode(value.second, output)
    }

    override fun decoder(): Decoder<Pair<H, B>> {
        val head = header.decoder()
        var first: H? = null
        var rest: Decoder<B>? = null
        return Decoder { input ->
            val one = first ?: head.decode(input) ?: return@Decoder null
            val tail = rest ?: bodyOf(one).decoder()
            val two = tail.decode(input)
            first = if (two == null) one else null
            rest = if (two == null) tail else null
            if (two == null) null else one to two
        }
    }
}

private class Tagged<K : Any, T : Any>(private val tag: Codec<K>, private val cases: List<Case<K, out T>>) : Codec<T> {
    private val byTag = cases.associateBy { it.tag }

    init {
        requireSelfDelimiting(tag, "a tag")
        require(cases.isNotEmpty()) { "cases >= 1, was 0" }
        require(byTag.size == cases.size) { "different tags = ${cases.size}, was ${byTag.size}" }
        require(cases.map { it.codec.untilEnd }.distinct().size == 1) { "all cases end by themselves or none does" }
    }

    override val maxBytes = saturate(tag.maxBytes.toLong() + cases.maxOf { it.codec.maxBytes })
    override val untilEnd get() = cases.first().codec.untilEnd

    // The case was chosen by the value's own type.
    @Suppress("UNCHECKED_CAST")
    override fun encode(value: T, output: Output) {
        val case = cases.firstOrNull { it.type.isInstance(value) }
        requireNotNull(case) { "a value of ${cases.joinToString { it.type.simpleName.toString() }}, was $value" }
        tag.encode(case.tag, output)
        (case.codec as Codec<T>).encode(value, output)
    }

    override fun decoder(): Decoder<T> {
        val tags = tag.decoder()
        // Cases get their decoder when first met, so that a recursive choice is finite.
        val decoders = HashMap<K, Decoder<T>>()
        var current: Decoder<T>? = null
        var start = -1
        return Decoder { input ->
            if (start < 0) start = input.position
            val rest =
                current ?: run {
                    val key = tags.decode(input) ?: return@Decoder null
                    decoders[key] ?: byTag[key]?.codec?.decoder()?.also { decoders[key] = it }
                        ?: input.malformed("tag ${byTag.keys.joinToString(" or ")} expected, $key is there", start)
                }
            val value = rest.decode(input)
            current = if (value == null) rest else null
            if (value != null) start = -1
            value
        }
    }
}
