package socketeer

import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Where a [Codec] writes: bytes that grow at the end, in memory. Not for several threads at once. */
public class Output internal constructor(internal var array: ByteArray) {
    public constructor() : this(EMPTY)

    /** How many bytes have been written. */
    public var size: Int = 0
        internal set

    /** Writes the low eight bits of [byte]. */
    public fun write(byte: Int) {
        reserve(1)
        array[size++] = byte.toByte()
    }

    /** Writes [bytes]. */
    public fun write(bytes: ByteString) {
        write(arrayOf(bytes))
    }

    /** Writes [bytes] from [from] to before [to]. */
    public fun write(bytes: ByteArray, from: Int = 0, to: Int = bytes.size) {
        reserve(to - from)
        bytes.copyInto(array, size, from, to)
        size += to - from
    }

    /** Writes [bytes], of which there are so few that a loop is faster than the JVM's copying. */
    internal fun writeFew(bytes: ByteArray) {
        reserve(bytes.size)
        for (i in bytes.indices) array[size + i] = bytes[i]
        size += bytes.size
    }

    /** Writes the low [n] bytes of [number], 1 to 8, in [order]. */
    public fun writeNumber(number: Long, n: Int, order: ByteOrder = ByteOrder.BIG_ENDIAN) {
        reserve(n)
        putNumber(array, size, number, n, order)
        size += n
    }

    /**
     * Writes [value] as [codec] does, all of it or nothing.
     *
     * @throws TooLargeException, IllegalArgumentException as [Codec.encode]; then nothing was written.
     */
    public fun <T : Any> append(codec: Codec<T>, value: T) {
        val start = size
        var written = false
        try {
            codec.encode(value, this)
            if (size - start > codec.maxBytes) throw tooLarge(size - start, codec.maxBytes, "frame")
            written = true
        } finally {
            if (!written) size = start
        }
    }

    /** What has been written, copied. */
    public fun toByteString(): ByteString = if (size == 0) NO_BYTES else wrap(array.copyOf(size))

    /** What has been written, not copied: valid until something more is. */
    internal fun toBuffer(from: Int = 0): ByteBuffer = ByteBuffer.wrap(array, from, size - from)

    /** Leaves room for [n] bytes that are written later. */
    internal fun skip(n: Int) {
        reserve(n)
        array.fill(0, size, size + n)
        size += n
    }

    /** Moves what was written from [at] on by [n] bytes to the back. */
    internal fun insert(at: Int, n: Int) {
        reserve(n)
        array.copyInto(array, at + n, at, size)
        size += n
    }

    internal fun reserve(n: Int) {
        if (n > array.size - size) grow(n)
    }

    private fun grow(n: Int) {
        val needed = size.toLong() + n
        if (needed > MAX_ARRAY) throw TooLargeException("output <= $MAX_ARRAY bytes, would be $needed")
        array = array.copyOf(saturate(maxOf(needed, 2L * array.size, MIN_ARRAY)))
    }
}

internal const val MIN_ARRAY: Long = 64

internal fun tooLarge(size: Number, max: Int, what: String) =
    TooLargeException("$what <= $max bytes, was $size")
