package socketeer

import java.nio.ByteOrder

/** How the length in front of a payload is written. */
public sealed class Length {
    /** The greatest length it can say. */
    internal abstract val greatest: Long

    /** How many bytes it takes at most. */
    internal abstract val maxBytes: Int

    /** How many bytes it always takes, or 0 if that differs. */
    internal open val size: Int get() = 0

    /**
     * How many bytes the length at the position takes; 0 if they haven't all come. What can't be a length is refused,
     * and so is, where that shows already, one above [max].
     */
    internal abstract fun measure(input: Input, max: Long): Int

    /** The length at the position, [n] bytes that were measured and stay unconsumed. Negative: 2^63 or more. */
    internal abstract fun read(input: Input, n: Int): Long

    /** How many bytes [length] takes. */
    internal abstract fun sizeOf(length: Long): Int

    /** Puts [length] into [array] at [at]. */
    internal abstract fun put(length: Long, array: ByteArray, at: Int)

    /** Appends [length] to [output]. */
    internal open fun write(length: Long, output: Output) {
        output.reserve(maxBytes)
        put(length, output.array, output.size)
        output.size += sizeOf(length)
    }

    /** This for one stream: what remembers an unfinished length isn't shared. */
    internal open fun forStream(): Length = this

    /**
     * A number of [size] bytes in [order], unsigned.
     *
     * @param size 1, 2, 3, 4 or 8.
     */
    public class Binary(override val size: Int = Int.SIZE_BYTES, private val order: ByteOrder = ByteOrder.BIG_ENDIAN) :
        Length() {
        init {
            require(size in 1..Int.SIZE_BYTES || size == Long.SIZE_BYTES) { "size is 1, 2, 3, 4 or 8, was $size" }
        }

        private val int32 = size == Int.SIZE_BYTES && order == ByteOrder.BIG_ENDIAN
        override val greatest = if (size == Long.SIZE_BYTES) Long.MAX_VALUE else (1L shl Byte.SIZE_BITS * size) - 1
        override val maxBytes get() = size

        override fun measure(input: Input, max: Long) = if (input.has(size)) size else 0

        override fun read(input: Input, n: Int): Long = if (int32) {
            input.int32()
        } else {
            input.numberAt(
                input.position,
                size,
                order,
            )
        }

        override fun sizeOf(length: Long) = size

        override fun put(length: Long, array: ByteArray, at: Int) =
            if (int32) INT_BE.set(array, at, length.toInt()) else putNumber(array, at, length, size, order)

        override fun toString(): String = "length of $size bytes"
    }

    /** A [varint]: seven bits a byte, the lowest first, only in its shortest form. */
    public object Varint : Length() {
        override val greatest get() = Long.MAX_VALUE
        override val maxBytes get() = MAX_VARINT

        override fun measure(input: Input, max: Long) = if (input.has(1) &&
            input[input.position] >= 0
        ) {
            1
        } else {
            varintSize(input)
        }

        override fun read(input: Input, n: Int): Long {
            val start = input.position
            return readVarint(input, n).also { input.position = start }
        }

        override fun sizeOf(length: Long): Int {
            var n = 1
            while (length shr 7 * n != 0L) n++
            return n
        }

        override fun put(length: Long, array: ByteArray, at: Int) {
            val last = at + sizeOf(length) - 1
            for (i in at..last) {
                val group = (length shr 7 * (i - at)).toInt() and 0x7F
                array[i] = (if (i < last) group or 0x80 else group).toByte()
            }
        }

        override fun toString(): String = "varint length"
    }

    /**
     * Decimal digits, then [end]: `5:`. No sign and no needless zero in front, so that a length is written in one way.
     *
     * @param end what ends the digits: 1 byte or more, the first of them no digit.
     */
    public class Decimal(private val end: String = ":") : Length() {
        private val ending = end.encodeToByteArray()

        init {
            require(end.isNotEmpty() && end[0] !in '0'..'9') { "end is 1 byte or more and no digit, was \"$end\"" }
        }

        override val greatest get() = Long.MAX_VALUE
        override val maxBytes get() = MAX_DIGITS + ending.size

        override fun measure(input: Input, max: Long): Int {
            var number = 0L
            var n = 0
            while (true) {
                if (!input.has(n + 1)) return 0
                val digit = input[input.position + n] - ZERO
                if (digit !in 0..9) break
                if (n > 0 && number == 0L) input.malformed("length without a needless 0 expected", input.position)
                number = number * 10 + digit
                if (number > max) input.tooLarge("length <= $max, was $number or more", input.position)
                n++
            }
            for ((i, byte) in ending.withIndex()) {
                if (!input.has(n + i + 1)) return 0
                val there = input[input.position + n + i]
                if (n == 0 || there != byte) {
                    val expected = if (n == 0) "digit" else "digit or ${hex(byte.toInt())}"
                    input.malformed("$expected expected, ${hex(there.toInt())} is there", input.position + n + i)
                }
            }
            return n + ending.size
        }

        override fun read(input: Input, n: Int): Long {
            var number = 0L
            for (i in 0 until n - ending.size) number = number * 10 + (input[input.position + i] - ZERO)
            return number
        }

        override fun sizeOf(length: Long): Int {
            var n = 1
            var rest = length / 10
            while (rest != 0L) {
                rest /= 10
                n++
            }
            return n + ending.size
        }

        override fun put(length: Long, array: ByteArray, at: Int) {
            val digits = sizeOf(length) - ending.size
            var rest = length
            for (i in at + digits - 1 downTo at) {
                array[i] = (ZERO + rest % 10).toByte()
                rest /= 10
            }
            ending.copyInto(array, at + digits)
        }

        override fun toString(): String = "decimal length"

        private companion object {
            const val ZERO = '0'.code

            // What MAX_ARRAY takes: no accepted length has more.
            const val MAX_DIGITS = 10
        }
    }

    /**
     * A length as [codec] writes it: `$5` CR LF, say, is `lines(integer().after("$"), CRLF)`.
     *
     * @param codec must end by itself.
     */
    public class Written(private val codec: Codec<Long>) : Length() {
        init {
            requireSelfDelimiting(codec, "a length")
        }

        override val greatest get() = Long.MAX_VALUE
        override val maxBytes get() = codec.maxBytes

        // What is known of one stream's length: see forStream.
        private val decoder = codec.decoder()
        private var start = -1
        private var length = 0L

        override fun forStream() = Written(codec)

        override fun measure(input: Input, max: Long): Int {
            if (start < 0) start = input.position
            length = decoder.decode(input) ?: return 0
            val from = start
            val n = input.position - from
            start = -1
            input.position = from
            return n
        }

        override fun read(input: Input, n: Int) = length

        override fun write(length: Long, output: Output) = codec.encode(length, output)

        override fun sizeOf(length: Long) = codec.encode(length).size

        override fun put(length: Long, array: ByteArray, at: Int) {
            codec.encode(length).copyInto(array, at)
        }

        override fun toString(): String = "length written by a codec"
    }
}
