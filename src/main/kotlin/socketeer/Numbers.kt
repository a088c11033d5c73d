package socketeer

import java.nio.ByteOrder
import kotlin.math.abs

private const val BYTE_BITS = 8
private const val VARINT_BITS = 7
private const val VARINT_MORE = 0x80L
private const val VARINT_VALUE = 0x7FL

/** Nine groups of seven bits: what a non-negative Long takes. */
internal const val MAX_VARINT = 9

/** A minus and nineteen digits: what the smallest Long takes. */
private const val MAX_INTEGER = 20

/** One byte as 0 to 255. */
public fun uint8(): Codec<Int> = uint(1).map({ it.toInt() }, { it.toLong() })

/** Two bytes in [order] as 0 to 65,535. */
public fun uint16(
    order: ByteOrder = ByteOrder.BIG_ENDIAN,
): Codec<Int> = uint(2, order).map({ it.toInt() }, { it.toLong() })

/** Four bytes in [order], two's complement. */
public fun int32(order: ByteOrder = ByteOrder.BIG_ENDIAN): Codec<Int> =
    uint(Int.SIZE_BYTES, order).map({ it.toInt() }, { it.toLong() and MASK })

/** Eight bytes in [order], two's complement. */
public fun int64(order: ByteOrder = ByteOrder.BIG_ENDIAN): Codec<Long> = FixedNumber(Long.SIZE_BYTES, order)

/**
 * [size] bytes in [order] as an unsigned number.
 *
 * @param size 1 to 7; eight bytes are [int64].
 */
public fun uint(size: Int, order: ByteOrder = ByteOrder.BIG_ENDIAN): Codec<Long> {
    require(size in 1 until Long.SIZE_BYTES) { "1 <= size <= 7, was $size" }
    return FixedNumber(size, order)
}

/**
 * A number from 0 to 2^63-1 in groups of seven bits, lowest first, the high bit saying that more follow: 1 to 9 bytes.
 *
 * Only the shortest form is accepted. Source: Protocol Buffers' encoding, LEB128.
 */
public fun varint(): Codec<Long> = VarintNumber

/**
 * A number from 0 to [max] in decimal digits, then [end]: `42\r\n`. No sign and no needless zero in front.
 *
 * @param end what ends the digits: 1 byte or more, the first of them no digit.
 */
public fun decimal(end: String, max: Long = Int.MAX_VALUE.toLong()): Codec<Long> {
    require(max in 0..Int.MAX_VALUE) { "0 <= max <= ${Int.MAX_VALUE}, was $max" }
    return DecimalNumber(Length.Decimal(end), max)
}

/**
 * A whole number of 64 bits in decimal digits until its input ends, with a minus if it is negative: `lines(integer())`.
 * No plus, no needless zero in front, so that a number is written in one way.
 */
public fun integer(): Codec<Long> = WholeNumber

private object WholeNumber : Codec<Long>, Payload<Long> {
    override val maxBytes get() = MAX_INTEGER
    override val untilEnd get() = true

    override fun encode(value: Long, output: Output) {
        output.reserve(MAX_INTEGER)
        if (value < 0) output.write('-'.code)
        val from = output.size
        var rest = value
        do {
            // Digits of a negative number, as the smallest has no positive counterpart; the lowest comes first.
            output.write('0'.code + abs((rest % 10).toInt()))
            rest /= 10
        } while (rest != 0L)
        output.array.reverse(from, output.size)
    }

    override fun decoder(): Decoder<Long> = this

    override fun decode(input: Input): Long? {
        if (input.ended) return decodeExactly(input, input.remaining)
        if (input.remaining > MAX_INTEGER) {
            input.tooLarge("integer <= $MAX_INTEGER bytes", input.position + MAX_INTEGER)
        }
        return null
    }

    override fun decodeExactly(input: Input, n: Int): Long {
        val start = input.position
        val negative = n > 1 && input[start].toInt() == '-'.code
        val first = if (negative) 1 else 0
        if (n == 0) input.malformed("digit expected, nothing is there")
        var number = 0L
        for (i in first until n) {
            val digit = input[start + i] - '0'.code
            if (digit !in 0..9) input.malformed("digit expected, ${hex(input[start + i].toInt())} is there", start + i)
            val needless = digit == 0 && i == first && n > 1
            if (needless) input.malformed("number without a needless 0 expected", start + i)
            if (number < (Long.MIN_VALUE + digit) / 10) input.malformed("number of 64 bits expected", start + i)
            number = number * 10 - digit
        }
        if (!negative && number == Long.MIN_VALUE) input.malformed("number of 64 bits expected", start + n - 1)
        input.content = true
        input.cursor += n
        return if (negative) number else -number
    }
}

private class DecimalNumber(private val digits: Length.Decimal, private val max: Long) : Codec<Long> {
    override val maxBytes get() = digits.maxBytes

    override fun encode(value: Long, output: Output) {
        require(value in 0..max) { "0 <= number <= $max, was $value" }
        digits.write(value, output)
    }

    override fun decoder() = Decoder { numberOrNull(it, digits, max) }
}

private fun numberOrNull(input: Input, length: Length, max: Long): Long? {
    val number = length.read(input, max)
    if (number == NOT_YET) return null
    input.content = true
    return number
}

private class FixedNumber(private val size: Int, private val order: ByteOrder) : Codec<Long> {
    override val maxBytes get() = size

    override fun encode(value: Long, output: Output) {
        if (size < Long.SIZE_BYTES) {
            val max = (1L shl BYTE_BITS * size) - 1
            require(value in 0..max) { "0 <= number <= $max, was $value" }
        }
        output.writeNumber(value, size, order)
    }

    override fun decoder() = Decoder { if (it.has(size)) it.readNumber(size, order) else null }
}

private object VarintNumber : Codec<Long> {
    override val maxBytes get() = MAX_VARINT

    override fun encode(value: Long, output: Output) {
        require(value >= 0) { "number >= 0, was $value" }
        output.reserve(MAX_VARINT)
        output.size += putVarint(value, output.array, output.size)
    }

    override fun decoder() = Decoder { numberOrNull(it, Length.Varint, Long.MAX_VALUE) }
}

/** How many bytes the varint at the position has, or 0 if they haven't all come. Nine bytes at most are looked at. */
internal fun varintSize(input: Input): Int {
    for (n in 0 until MAX_VARINT) {
        if (!input.has(n + 1)) return 0
        val byte = input[input.position + n].toInt()
        if (byte < 0) continue
        if (byte == 0 &&
            n > 0
        ) {
            input.malformed("varint in its shortest form expected, its last byte is 0", input.position + n)
        }
        return n + 1
    }
    input.malformed("varint of at most $MAX_VARINT bytes expected, more follow", input.position + MAX_VARINT - 1)
}

/** The varint of [size] bytes at the position, looked at without consuming it. */
internal fun varintAt(input: Input, size: Int): Long {
    var number = 0L
    for (i in 0 until size) {
        number = number or ((input.array[input.cursor + i].toLong() and VARINT_VALUE) shl VARINT_BITS * i)
    }
    return number
}

internal fun sizeOfVarint(number: Long): Int =
    maxOf(1, (Long.SIZE_BITS - number.countLeadingZeroBits() + VARINT_BITS - 1) / VARINT_BITS)

/** Puts [number] into [array] at [at]: how many bytes that took. */
internal fun putVarint(number: Long, array: ByteArray, at: Int): Int {
    var rest = number
    var i = at
    while (rest > VARINT_VALUE) {
        array[i++] = ((rest and VARINT_VALUE) or VARINT_MORE).toByte()
        rest = rest shr VARINT_BITS
    }
    array[i] = rest.toByte()
    return i + 1 - at
}
