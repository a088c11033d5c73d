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
     * Consumes the length at the position; [NOT_YET] and nothing consumed if it hasn't all come. What can't be a
     * length, or is one above [max], is refused, a decimal one with the first digit that shows it.
     */
    internal abstract fun read(input: Input, max: Long): Long

    /** How many bytes [length] takes. */
    internal abstract fun sizeOf(length: Long): Int

    /** Puts [length] into [array] at [at]: how many bytes that took. */
    internal abstract fun put(length: Long, array: ByteArray, at: Int): Int

    /** [length], which [n] bytes say that are now consumed, unless it is above [max] or beyond 2^63 (negative). */
    internal fun accepted(input: Input, length: Long, n: Int, max: Long): Long {
        if (length < 0 || length > max) input.tooLarge("length <= $max, was ${length.toULong()}")
        input.cursor += n
        return length
    }

    /** Appends [length] to [output]. */
    internal open fun write(length: Long, output: Output) {
        output.reserve(maxBytes)
        output.size += put(length, output.array, output.size)
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

        override fun read(input: Input, max: Long): Long {
            if (!input.has(size)) return NOT_YET
            val length = if (int32) input.int32() else input.numberAt(input.position, size, order)
            return accepted(input, length, size, max)
        }

        override fun sizeOf(length: Long) = size

        override fun put(length: Long, array: ByteArray, at: Int): Int {
            if (int32) INT_BE.set(array, at, length.toInt()) else putNumber(array, at, length, size, order)
            return size
        }

        override fun toString(): String = "length of $size bytes"
    }

    /** A [varint]: seven bits a byte, the lowest first, only in its shortest form. */
    public object Varint : Length() {
        override val greatest get() = Long.MAX_VALUE
        override val maxBytes get() = MAX_VARINT

        override fun read(input: Input, max: Long): Long {
            val n = varintSize(input)
            return if (n == 0) NOT_YET else accepted(input, varintAt(input, n), n, max)
        }

        override fun sizeOf(length: Long) = sizeOfVarint(length)

        override fun put(length: Long, array: ByteArray, at: Int) = putVarint(length, array, at)

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

        override fun read(input: Input, max: Long): Long {
            val array = input.array
            val start = input.cursor
            var number = 0L
            var at = start
            while (at < input.limit) {
                val digit = array[at] - ZERO
                if (digit !in 0..9) break
                if (at > start && number == 0L) input.malformed("length without a needless 0 expected")
                number = number * 10 + digit
                if (number > max) input.tooLarge("length <= $max, was $number or more")
                at++
            }
            input.examined += at - start
            return if (ends(input, at - start)) number else NOT_YET
        }

        /** Consumes [digits] digits and the end behind them; false if that hasn't all come. */
        private fun ends(input: Input, digits: Int): Boolean {
            val come = minOf(ending.size, input.remaining - digits)
            val from = input.cursor + digits
            for (i in 0 until come) {
                val there = input.array[from + i]
                if (there != ending[i] || digits == 0) wrong(input, digits, i, there)
            }
            input.examined += come
            if (come < ending.size) return input.has(digits + come + 1)
            input.cursor = from + come
            return true
        }

        private fun wrong(input: Input, digits: Int, i: Int, there: Byte) {
            val expected = if (digits == 0) "digit" else "digit or ${hex(ending[i].toInt())}"
            input.malformed("$expected expected, ${hex(there.toInt())} is there", input.position + digits + i)
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

        override fun put(length: Long, array: ByteArray, at: Int): Int {
            val n = sizeOf(length)
            var rest = length
            for (i in at + n - ending.size - 1 downTo at) {
                val tenth = rest / 10
                array[i] = (ZERO + (rest - 10 * tenth)).toByte()
                rest = tenth
            }
            for (i in ending.indices) array[at + n - ending.size + i] = ending[i]
            return n
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

        override fun forStream() = Written(codec)

        override fun read(input: Input, max: Long): Long {
            if (start < 0) start = input.position
            val length = decoder.decode(input) ?: return NOT_YET
            if (length !in 0..max) input.tooLarge("length <= $max, was $length", start)
            start = -1
            return length
        }

        override fun write(length: Long, output: Output) = codec.encode(length, output)

        override fun sizeOf(length: Long) = codec.encode(length).size

        override fun put(length: Long, array: ByteArray, at: Int): Int {
            val bytes = codec.encode(length)
            bytes.copyInto(array, at)
            return bytes.size
        }

        override fun toString(): String = "length written by a codec"
    }
}

/** What [Length.read] gives where the length hasn't all come. */
internal const val NOT_YET: Long = -1
