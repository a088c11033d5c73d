package socketeer

import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer

/**
 * One stream's bytes on their way to being frames, without I/O: [feed] what came, take what [next] gives, say [end].
 *
 * What it gives depends on the bytes alone, never on how they were cut. It holds the unfinished frame and what was fed
 * behind it, nothing else: memory follows the bytes received, not the length announced, and is given back when empty.
 * An error ends the stream (and is thrown again by each further call) unless the framing resumes. Not for several
 * threads at once.
 *
 * @param maxEmpty how many frames without content may follow each other; 0 or more.
 */
public class Frames<T : Any>(private val codec: Codec<T>, private val maxEmpty: Int = DEFAULT_MAX_EMPTY) {
    private var decoder = codec.decoder()
    private val maxBytes = codec.maxBytes
    private val untilEnd = codec.untilEnd
    internal val input = Input()

    // Fed bytes not yet delivered are array[base, end); the array is somebody's ByteString until owned.
    private var end = 0
    private var owned = false
    private var over = false
    private var delivered = false
    private var empties = 0
    private var failure: Throwable? = null

    init {
        require(maxEmpty >= 0) { "maxEmpty >= 0, was $maxEmpty" }
        require(maxBytes >= 1 || untilEnd) { "maxBytes of a frame >= 1, was $maxBytes" }
    }

    /** How many fed bytes no frame has taken yet. */
    public val buffered: Int get() = end - input.base

    /** The offset in the stream of the first byte that no frame has taken yet. */
    public val position: Long get() = input.offset

    /** How many bytes were copied in here so far: with [Input.examined] what a frame costs. */
    internal var copied = 0L
        private set

    /** How many bytes of memory are held, for the law of bounded memory. */
    internal val held: Int get() = input.array.size

    /** Bytes that came. They're copied only if they don't make whole frames. */
    public fun feed(bytes: ByteString) {
        if (bytes.size == 0) return
        if (buffered > 0) return arrayOf(bytes).let { feed(it, 0, it.size) }
        check(!over) { "fed after the end" }
        release()
        adopt(arrayOf(bytes), owned = false)
        end = bytes.size
    }

    /** Bytes that came, from [from] to before [to]; copied. */
    public fun feed(bytes: ByteArray, from: Int = 0, to: Int = bytes.size) {
        check(!over) { "fed after the end" }
        makeRoom(to - from)
        bytes.copyInto(input.array, end, from, to)
        copied += to - from
        end += to - from
    }

    /** Bytes that came: all that remains in [bytes]; copied. */
    public fun feed(bytes: ByteBuffer) {
        check(!over) { "fed after the end" }
        val n = bytes.remaining()
        makeRoom(n)
        bytes.get(input.array, end, n)
        copied += n
        end += n
    }

    /** No more bytes come. */
    public fun end() {
        over = true
    }

    /**
     * The next frame, or null: more bytes are needed, or after [end] the stream ended between two frames.
     *
     * @throws MalformedException, TooLargeException with the position
     * @throws BrokenException if the stream ended inside a frame, with have and need.
     */
    public fun next(): T? {
        failure?.let { throw it }
        while (true) {
            val live = end - input.base
            val awaited = if (over) live == 0 && (delivered || !untilEnd) else live == 0 || live < input.wanted
            if (awaited) return rest()
            val value = decode(live)
            if (value != null) return value
            if (end - input.base == live) return unfinished(live)
        }
    }

    /** The bytes that no frame has taken, which leave these frames: an unfinished one is forgotten. */
    public fun drain(): ByteString {
        decoder = codec.decoder()
        val rest = if (buffered == 0) NO_BYTES else wrap(input.array.copyOfRange(input.base, end))
        input.cursor = end
        advance()
        release()
        return rest
    }

    private fun decode(live: Int): T? {
        val input = input
        // A frame's bytes beyond the greatest are never in view: no decoder can take what it must not.
        val cut = live > maxBytes
        input.limit = if (cut) input.base + maxBytes else end
        input.ended = over && !cut
        input.wanted = 0
        val value =
            try {
                decoder.decode(input)
            } catch (e: Throwable) {
                if (decoder.resumes && e is SocketeerException && input.position > 0) advance() else failure = e
                throw e
            }
        if (value == null) return null
        val taken = input.cursor - input.base
        if (taken == 0 &&
            !untilEnd
        ) {
            fail(IllegalStateException("a frame of 0 bytes: the decoder doesn't advance"))
        }
        if (input.framed && !input.content) countEmpty() else empties = 0
        advance()
        delivered = true
        return value
    }

    private fun unfinished(live: Int): T? {
        val input = input
        val need = maxOf(input.wanted, input.size + 1)
        if (live > maxBytes || (need > maxBytes && !untilEnd && !over)) {
            fail(TooLargeException("frame <= $maxBytes bytes, it needs $need", position))
        }
        if (over) {
            fail(
                BrokenException("the stream ended inside a frame at byte $position: have $live bytes, need $need"),
            )
        }
        input.wanted = need
        return null
    }

    private fun rest(): T? {
        if (buffered == 0) release()
        return null
    }

    private fun countEmpty() {
        if (++empties > maxEmpty) {
            fail(MalformedException("empty frames in a row <= $maxEmpty, was $empties", position))
        }
    }

    /** What was consumed is gone; the next frame begins. */
    private fun advance() {
        val input = input
        input.base = input.cursor
        input.framed = false
        input.content = false
        input.wanted = 0
    }

    private fun fail(cause: Throwable): Nothing {
        failure = cause
        throw cause
    }

    private fun adopt(array: ByteArray, owned: Boolean) {
        input.origin += input.base
        input.array = array
        input.base = 0
        input.cursor = 0
        end = 0
        this.owned = owned
    }

    private fun release() {
        if (owned) Spare.give(input.array)
        adopt(EMPTY, owned = false)
    }

    private fun makeRoom(n: Int) {
        val input = input
        if (owned && n <= input.array.size - end) return
        val live = buffered
        val needed = live.toLong() + n
        if (needed > MAX_ARRAY) throw TooLargeException("buffered <= $MAX_ARRAY bytes, would be $needed", position)
        val old = input.array
        val from = input.base
        val read = input.position
        // Twice the room when it is full, moved to the front when what was consumed has left enough: amortised linear.
        val inPlace = owned && needed <= old.size / 2
        val target = if (inPlace) old else Spare.take(saturate(maxOf(needed, 2L * live)))
        old.copyInto(target, 0, from, end)
        copied += live
        if (owned && !inPlace) Spare.give(old)
        adopt(target, owned = true)
        input.cursor = read
        end = live
    }
}

/** One idle array a thread, so that short-lived buffers cost no allocation and idle connections hold none. */
internal object Spare {
    private const val GREATEST = 1 shl 16
    private const val SLACK = 64
    private val spare = ThreadLocal<ByteArray?>()

    /** An array for [atLeast] bytes that may be held for long, and so isn't a lot greater. */
    fun take(atLeast: Int): ByteArray = taken(atLeast, SLACK.toLong() * atLeast)

    /** Any array, for as long as something is on its way out. */
    fun take(): ByteArray = taken(0, Long.MAX_VALUE)

    private fun taken(atLeast: Int, atMost: Long): ByteArray {
        val array = spare.get()
        if (array == null || array.size < atLeast || array.size > atMost) {
            return ByteArray(maxOf(atLeast, MIN_ARRAY.toInt()))
        }
        spare.set(null)
        return array
    }

    fun give(array: ByteArray) {
        if (array.size <= GREATEST && array.size > (spare.get()?.size ?: 0)) spare.set(array)
    }
}
