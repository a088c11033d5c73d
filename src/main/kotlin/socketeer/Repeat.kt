package socketeer

/** How many items a counted list has at most unless told otherwise. */
public const val DEFAULT_MAX_ITEMS: Int = 1 shl 16

/**
 * Exactly [times] of this, one after the other.
 *
 * @param times 0 or more.
 * @param maxBytes the greatest number of bytes of all together.
 */
public fun <T : Any> Codec<T>.repeat(times: Int, maxBytes: Int = DEFAULT_MAX_FRAME): Codec<List<T>> {
    require(times >= 0) { "times >= 0, was $times" }
    requireSelfDelimiting(this, "what is repeated")
    return bounded(Repeated(this, null, times, times), maxBytes)
}

/**
 * How many, then as many of this. An announced count takes no memory; what comes does.
 *
 * @param count must end by itself.
 * @param max the greatest number of items, 0 or more.
 * @param maxBytes the greatest number of bytes, the count's included.
 */
public fun <T : Any> Codec<T>.repeat(
    count: Codec<Int>,
    max: Int = DEFAULT_MAX_ITEMS,
    maxBytes: Int = DEFAULT_MAX_FRAME,
): Codec<List<T>> {
    require(max >= 0) { "max >= 0, was $max" }
    requireSelfDelimiting(count, "a count")
    requireSelfDelimiting(this, "what is repeated")
    return bounded(Repeated(this, count, 0, max), maxBytes)
}

/** As many of this as there are until the input ends, of at most [maxBytes] bytes together. */
public fun <T : Any> Codec<T>.repeatToEnd(maxBytes: Int = DEFAULT_MAX_FRAME): Codec<List<T>> {
    requireSelfDelimiting(this, "what is repeated")
    return bounded(RepeatedToEnd(this), maxBytes)
}

private fun <T : Any> bounded(codec: Codec<T>, maxBytes: Int): Codec<T> =
    if (codec.maxBytes <= maxBytes) codec else codec.limit(maxBytes)

private class Repeated<T : Any>(
    private val codec: Codec<T>,
    private val count: Codec<Int>?,
    private val min: Int,
    private val max: Int,
) : Codec<List<T>> {
    override val maxBytes =
        saturate((count?.maxBytes ?: 0) + minOf(codec.maxBytes.toLong() * max, MAX_ARRAY.toLong()))

    override fun encode(value: List<T>, output: Output) {
        require(value.size >= min) { "items >= $min, was ${value.size}" }
        if (value.size > max) throw TooLargeException("items <= $max, was ${value.size}")
        count?.encode(value.size, output)
        value.forEach { codec.encode(it, output) }
    }

    override fun decoder(): Decoder<List<T>> = RepeatedDecoder(codec.decoder(), count?.decoder(), max)
}

private class RepeatedDecoder<T : Any>(
    private val decoder: Decoder<T>,
    private val count: Decoder<Int>?,
    private val max: Int,
) : Decoder<List<T>> {
    // How many items there are and those that have come, of a list that hasn't all come.
    private var announced = NONE
    private var items: ArrayList<T>? = null

    override fun decode(input: Input): List<T>? {
        val n = if (announced >= 0) announced else announced(input)
        if (n < 0) return null
        val list = items ?: ArrayList(minOf(n, FEW))
        while (list.size < n) list += decoder.decode(input) ?: return null.also { keep(n, list) }
        if (items != null) keep(NONE, null)
        return list
    }

    private fun keep(n: Int, list: ArrayList<T>?) {
        announced = n
        items = list
    }

    private fun announced(input: Input): Int {
        if (count == null) return max
        val start = input.position
        val n = count.decode(input) ?: return NONE
        if (n < 0) input.malformed("count >= 0 expected, $n is there", start)
        if (n > max) input.tooLarge("count <= $max, was $n", start)
        return n
    }

    private companion object {
        const val NONE = -1

        // For how many items there is room before they come, whatever was announced.
        const val FEW = 8
    }
}

private class RepeatedToEnd<T : Any>(private val codec: Codec<T>) : Codec<List<T>> {
    override val maxBytes get() = MAX_ARRAY
    override val untilEnd get() = true

    override fun encode(value: List<T>, output: Output) {
        for (item in value) {
            val start = output.size
            codec.encode(item, output)
            require(output.size > start) { "bytes of an item >= 1, was 0" }
        }
    }

    override fun decoder(): Decoder<List<T>> {
        val decoder = codec.decoder()
        var items: ArrayList<T>? = null
        var begun = false
        return Decoder { input ->
            val list = items ?: ArrayList<T>().also { items = it }
            while (begun || input.remaining > 0) {
                val start = input.position
                val item = decoder.decode(input)
                begun = item == null
                list += item ?: return@Decoder null
                if (input.position == start &&
                    input.remaining > 0
                ) {
                    input.malformed("bytes of an item >= 1 expected, 0 are there")
                }
            }
            if (!input.ended) return@Decoder null
            items = null
            list
        }
    }
}
