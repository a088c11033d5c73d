package socketeer

import kotlinx.io.bytestring.ByteString

/**
 * How values of type [T] are told apart in a stream of bytes: an immutable value that does no I/O.
 *
 * Framings ([lines], [lengthPrefixed], …) are codecs, so are payloads ([bytes], [text], [serialized]) and what the
 * combinators make of them ([map], [then], [repeat], [limit], …). Any number of streams may share one codec; what is
 * known of one stream's unfinished frame lives in the [Decoder] it was given.
 */
public interface Codec<T : Any> {
    /** The greatest number of bytes one frame takes on the wire, all of it counted; 0 or more. */
    public val maxBytes: Int

    /** True if a frame ends only where its input ends: the connection, or what surrounds it ([bytes], [text]). */
    public val untilEnd: Boolean get() = false

    /**
     * Appends [value] to [output].
     *
     * @throws TooLargeException if [value] takes more bytes than decoding would accept.
     * @throws IllegalArgumentException if decoding could not give [value] back for another reason.
     */
    public fun encode(value: T, output: Output)

    /** A decoder for one stream. */
    public fun decoder(): Decoder<T>
}

/**
 * Reads one stream's frames, one a call; it remembers what it knows of an unfinished frame, so that no byte need be
 * looked at twice.
 */
public fun interface Decoder<out T : Any> {
    /**
     * The frame that begins at index 0 of [input], or null if more bytes are needed.
     *
     * With a frame, [Input.position] is just behind it and the decoder is ready for the next one. With null, the
     * position may have moved; the next call finds it there, and the bytes before it can still be looked at.
     *
     * @throws MalformedException, TooLargeException with the byte's position; the stream ends there, unless [resumes].
     */
    public fun decode(input: Input): T?

    /** True if, after an error, decoding goes on at [Input.position]: the framing knows where its next frame begins. */
    public val resumes: Boolean get() = false
}

/** The greatest payload of a frame in bytes unless told otherwise: 1 MiB. */
public const val DEFAULT_MAX_FRAME: Int = 1 shl 20

/** The greatest line in bytes unless told otherwise, its end not counted: 64 KiB. */
public const val DEFAULT_MAX_LINE: Int = 1 shl 16

/** How many empty frames may follow each other before the stream is refused, unless told otherwise. */
public const val DEFAULT_MAX_EMPTY: Int = 1 shl 16

/** [value] as bytes. @throws TooLargeException, IllegalArgumentException as [Codec.encode] */
public fun <T : Any> Codec<T>.encode(value: T): ByteString = Output().also { it.append(this, value) }.toByteString()

/**
 * The one value that [bytes] are, no more and no less.
 *
 * @throws MalformedException, TooLargeException; BrokenException if [bytes] end inside the frame.
 */
public fun <T : Any> Codec<T>.decode(bytes: ByteString): T {
    val frames = Frames(this)
    frames.feed(bytes)
    frames.end()
    val value = frames.next() ?: throw BrokenException("no frame: have 0 bytes, need at least 1")
    if (frames.buffered > 0) throw MalformedException("${frames.buffered} bytes behind the frame", frames.position)
    return value
}

/** The most bytes one array holds on every JVM; sizes that would be greater stop there. */
internal const val MAX_ARRAY: Int = Int.MAX_VALUE - 8

internal fun saturate(size: Long): Int = size.coerceAtMost(MAX_ARRAY.toLong()).toInt()

internal fun requireSelfDelimiting(codec: Codec<*>, what: String) =
    require(!codec.untilEnd) { "$what must end by itself (untilEnd = false), was untilEnd = true" }
