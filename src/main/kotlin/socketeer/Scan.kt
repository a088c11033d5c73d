package socketeer

import java.lang.invoke.MethodHandles
import java.nio.ByteOrder

// Finding a byte eight at a time: with x = word xor (needle in every byte), a byte of x is zero where the needle is;
// (x - 0x01…01) and x.inv() and 0x80…80 marks the lowest such byte exactly (Mycroft). Words are read little-endian, so
// the lowest mark is the first in memory.
private val LONG_LE = MethodHandles.byteArrayViewVarHandle(LongArray::class.java, ByteOrder.LITTLE_ENDIAN)
internal val INT_BE = MethodHandles.byteArrayViewVarHandle(IntArray::class.java, ByteOrder.BIG_ENDIAN)
internal const val MASK = 0xFFFF_FFFFL
private const val ONES = 0x0101_0101_0101_0101L
private const val HIGHS = 0x7F7F_7F7F_7F7F_7F7FL.inv()

private fun zeros(word: Long): Long = (word - ONES) and word.inv() and HIGHS

/** The index of the first [byte] from [from] to before [to], or -1. */
internal fun ByteArray.indexOf(byte: Byte, from: Int, to: Int): Int {
    val needle = (byte.toLong() and 0xFF) * ONES
    var at = from
    while (at <= to - Long.SIZE_BYTES) {
        val marks = zeros((LONG_LE.get(this, at) as Long) xor needle)
        if (marks != 0L) return at + (marks.countTrailingZeroBits() shr 3)
        at += Long.SIZE_BYTES
    }
    while (at < to) if (this[at] == byte) return at else at++
    return -1
}

/** The index of the first [a] or [b] from [from] to before [to], or -1. */
internal fun ByteArray.indexOfEither(a: Byte, b: Byte, from: Int, to: Int): Int {
    val first = (a.toLong() and 0xFF) * ONES
    val second = (b.toLong() and 0xFF) * ONES
    var at = from
    while (at <= to - Long.SIZE_BYTES) {
        val word = LONG_LE.get(this, at) as Long
        val marks = zeros(word xor first) or zeros(word xor second)
        if (marks != 0L) return at + (marks.countTrailingZeroBits() shr 3)
        at += Long.SIZE_BYTES
    }
    while (at < to) if (this[at] == a || this[at] == b) return at else at++
    return -1
}

/** [n] bytes at [at] as an unsigned number; eight bytes are a signed one. */
internal fun numberIn(array: ByteArray, at: Int, n: Int, order: ByteOrder): Long {
    var number = 0L
    if (order == ByteOrder.BIG_ENDIAN) {
        for (i in 0 until n) number = (number shl 8) or (array[at + i].toLong() and 0xFF)
    } else {
        for (i in n - 1 downTo 0) number = (number shl 8) or (array[at + i].toLong() and 0xFF)
    }
    return number
}

/** Writes the low [n] bytes of [number] at [at]. */
internal fun putNumber(array: ByteArray, at: Int, number: Long, n: Int, order: ByteOrder) {
    for (i in 0 until n) {
        val shift = 8 * if (order == ByteOrder.BIG_ENDIAN) n - 1 - i else i
        array[at + i] = (number shr shift).toByte()
    }
}
