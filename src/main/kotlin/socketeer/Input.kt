package socketeer

import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.unsafe.UnsafeByteStringApi
import kotlinx.io.bytestring.unsafe.UnsafeByteStringOperations
import java.nio.ByteOrder

/**
 * The bytes a [Decoder] sees: those of the unfinished frame that have come, index 0 being its first byte.
 *
 * Indices stay what they are while a frame is unfinished, however its bytes come. What lies beyond the frame may be in
 * view; only what [position] has passed counts as consumed.
 */
public class Input internal constructor() {
    internal var array: ByteArray = EMPTY
    internal var base: Int = 0
    internal var limit: Int = 0
    internal var cursor: Int = 0

    /** The stream's offset of the array's first byte, and of index 0. */
    internal var origin: Long = 0
    internal val offset: Long get() = origin + base

    /** The size that [has] found wanting in this call; 0 if it was not asked. */
    internal var wanted: Int = 0

    /** How many bytes were looked at so far: what the law of linear work counts. */
    internal var examined: Long = 0

    /** Whether this frame has a place for a payload, and whether there was anything in it. */
    internal var framed: Boolean = false
    internal var content: Boolean = false

    /** True if no byte comes after those in view. */
    public var ended: Boolean = false
        internal set

    /** How many bytes are in view, those before [position] included. */
    public val size: Int get() = limit - base

    /** How many bytes of the frame have been consumed: 0 to [size]. */
    public var position: Int
        get() = cursor - base
        set(value) {
            require(value in 0..size) { "0 <= position <= $size, was $value" }
            cursor = base + value
        }

    /** How many bytes there are from [position] on. */
    public val remaining: Int get() = limit - cursor

    /**
     * True if [n] bytes or more remain. If not, the decoder returns null, and is called again when they have come or
     * never will.
     */
    public fun has(n: Int): Boolean {
        if (limit - cursor >= n) return true
        wanted = saturate(position.toLong() + n)
        return false
    }

    /** The byte at [index], which is below [size]. */
    public operator fun get(index: Int): Byte {
        if (index < 0 || index >= limit - base) throw IndexOutOfBoundsException("0 <= index < $size, was $index")
        examined++
        return array[base + index]
    }

    /** The index of the first [byte] at [from] or later, or -1. */
    public fun indexOf(byte: Byte, from: Int = position): Int {
        val found = array.indexOf(byte, base + from, limit)
        examined += (if (found < 0) limit else found + 1) - base - from
        return if (found < 0) -1 else found - base
    }

    /** Consumes one byte, 0 to 255; there must be one ([has]). */
    public fun readByte(): Int = readNumber(1, ByteOrder.BIG_ENDIAN).toInt()

    /** Consumes [n] bytes, 1 to 8, as an unsigned number in [order] (eight bytes are a signed one). */
    public fun readNumber(n: Int, order: ByteOrder = ByteOrder.BIG_ENDIAN): Long {
        val number = numberAt(position, n, order)
        content = true
        cursor += n
        return number
    }

    /** Consumes [n] bytes and gives a copy of them. */
    public fun readBytes(n: Int): ByteString {
        checkHas(n)
        if (n == 0) return NO_BYTES
        val from = cursor
        examined += n
        content = true
        cursor = from + n
        return ByteString(array, from, from + n)
    }

    /** Ends decoding: the byte at [index] breaks the format. [reason] says what was expected and what is there. */
    public fun malformed(reason: String, index: Int = position): Nothing =
        throw MalformedException(reason, offset + index)

    /** Ends decoding: the frame is greater than its limit, which shows at [index]. */
    public fun tooLarge(reason: String, index: Int = position): Nothing =
        throw TooLargeException(reason, offset + index)

    /** The number at [index], looked at without consuming it. */
    internal fun numberAt(index: Int, n: Int, order: ByteOrder): Long {
        if (index < 0 || n > size - index) throw IndexOutOfBoundsException("index + $n <= $size, index was $index")
        examined += n
        return numberIn(array, base + index, n, order)
    }

    /** The four bytes at [position] as the most usual length, looked at without consuming them; they are there. */
    internal fun int32(): Long {
        examined += Int.SIZE_BYTES
        return (INT_BE.get(array, cursor) as Int).toLong() and MASK
    }

    /** Drops the bytes before [position] although no frame is finished: where a decoder [resumes][Decoder.resumes]. */
    internal fun discard() {
        base = cursor
    }

    internal fun checkHas(n: Int) {
        if (n < 0 || n > limit - cursor) throw IndexOutOfBoundsException("0 <= n <= $remaining, was $n")
    }
}

internal val EMPTY = ByteArray(0)
internal val NO_BYTES = ByteString()

/** [array] as an immutable value without a copy; nobody writes to it again. */
@OptIn(UnsafeByteStringApi::class)
internal fun wrap(array: ByteArray): ByteString = UnsafeByteStringOperations.wrapUnsafe(array)

/** What is in [bytes] without a copy; nobody writes to it. */
@OptIn(UnsafeByteStringApi::class)
internal fun arrayOf(bytes: ByteString): ByteArray {
    var inside = EMPTY
    UnsafeByteStringOperations.withByteArrayUnsafe(bytes) { inside = it }
    return inside
}
