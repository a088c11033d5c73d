package socketeer.testing

import kotlinx.io.bytestring.ByteString
import socketeer.Codec
import socketeer.Output
import kotlin.random.Random

/**
 * What a law is tried on: [frames] encoded one behind the other, [edits] made to those bytes, [tail] behind them, all
 * cut into chunks at [cuts]. A law's random choice is in here and nowhere else, so that all of it shrinks.
 */
internal class CodecTrial<T : Any>(
    val frames: List<Shrinkable<T>>,
    val edits: List<Edit> = emptyList(),
    val tail: ByteArray = ByteArray(0),
    val cuts: List<Int> = emptyList(),
) {
    val values get() = frames.map { it.value }

    fun valid(codec: Codec<T>): ByteArray = concatenated(codec, values)

    fun bytes(codec: Codec<T>): ByteArray = edits.fold(valid(codec)) { bytes, edit -> edit.on(bytes) } + tail

    /** Simpler trials, the simplest first: fewer frames, edits and cuts, smaller frames, earlier cuts. */
    fun smaller(): Sequence<CodecTrial<T>> =
        sequence {
            // Other frames have their bytes elsewhere, so that the cuts may miss; cut everywhere, they don't.
            for (fewer in shorter(frames) + simplerFrames()) {
                if (fewer.isNotEmpty()) yield(with(frames = fewer))
                if (fewer.isNotEmpty() && cuts.isNotEmpty()) yield(with(frames = fewer, cuts = EVERYWHERE))
            }
            for (fewer in shorter(edits)) yield(with(edits = fewer))
            for (fewer in shorter(tail.toList())) yield(with(tail = fewer.toByteArray()))
            for (fewer in shorter(cuts)) yield(with(cuts = fewer))
            for ((i, edit) in edits.withIndex()) {
                for (less in edit.smaller()) {
                    yield(
                        with(edits = edits.replaced(i, less)),
                    )
                }
            }
            for ((i, cut) in cuts.withIndex()) if (cut > 0) yield(with(cuts = cuts.replaced(i, cut - 1).sorted()))
        }

    private fun simplerFrames() =
        frames.flatMapIndexed { i, frame -> frame.smaller().map { frames.replaced(i, it) } }

    private fun with(
        frames: List<Shrinkable<T>> = this.frames,
        edits: List<Edit> = this.edits,
        tail: ByteArray = this.tail,
        cuts: List<Int> = this.cuts,
    ) = CodecTrial(frames, edits, tail, cuts)
}

private fun <E> List<E>.replaced(index: Int, by: E): List<E> = mapIndexed { i, old -> if (i == index) by else old }

internal fun <T : Any> concatenated(codec: Codec<T>, values: List<T>): ByteArray =
    Output().also { output -> values.forEach { output.append(codec, it) } }.toByteString().toByteArray()

/** A change to encoded bytes; [at] is taken modulo their number. */
internal data class Edit(val kind: Kind, val at: Int, val byte: Byte) {
    enum class Kind { SET, INSERT, DELETE, TRUNCATE, LENGTHEN, FILL }

    fun on(bytes: ByteArray): ByteArray {
        if (bytes.isEmpty()) return if (kind == Kind.INSERT) byteArrayOf(byte) else bytes
        val i = at % bytes.size
        return when (kind) {
            Kind.SET -> bytes.copyOf().also { it[i] = byte }
            Kind.INSERT -> bytes.copyOf(i) + byte + bytes.copyOfRange(i, bytes.size)
            Kind.DELETE -> bytes.copyOf(i) + bytes.copyOfRange(i + 1, bytes.size)
            Kind.TRUNCATE -> bytes.copyOf(i)
            // What makes a varint longer than it need be.
            Kind.LENGTHEN -> bytes.copyOf(i) + (bytes[i].toInt() or 0x80).toByte() + 0 +
                bytes.copyOfRange(i + 1, bytes.size)
            Kind.FILL -> bytes.copyOf().also { it.fill(byte, i, minOf(i + Int.SIZE_BYTES, it.size)) }
        }
    }

    fun smaller(): List<Edit> =
        listOf(copy(at = 0), copy(at = at / 2), copy(at = maxOf(at - 1, 0)), copy(byte = 0)).distinct() - this
}

/** How chunks are cut: not at all, byte by byte, once, several times (empty chunks included). */
internal fun cuts(random: Random, size: Int): List<Int> =
    when (random.nextInt(6)) {
        0 -> emptyList()
        1 -> List(size) { it }
        2, 3 -> listOf(random.nextInt(size + 1))
        else -> List(1 + random.nextInt(6)) { random.nextInt(size + 1) }.sorted()
    }

internal fun edits(random: Random): List<Edit> =
    List(1 + random.nextInt(3)) {
        val byte = if (random.nextBoolean()) telling(random) else random.nextInt().toByte()
        val at = if (random.nextBoolean()) random.nextInt(8) else random.nextInt(4096)
        Edit(Edit.Kind.entries[random.nextInt(Edit.Kind.entries.size)], at, byte)
    }

/** [bytes] cut at [cuts] (those beyond them don't count). */
public fun chunks(bytes: ByteString, cuts: List<Int>): List<ByteString> {
    val inside = listOf(0) + cuts.filter { it in 0..bytes.size }.sorted() + bytes.size
    return inside.zipWithNext { from, to -> bytes.substring(from, to) }
}

/** Every way to cut [bytes] once, one chunk a byte, and not at all: the splits that a decoder must not notice. */
public fun splits(bytes: ByteString): Sequence<List<ByteString>> =
    sequenceOf(emptyList(), List(bytes.size) { it }, List(2 * bytes.size) { it / 2 }).map { chunks(bytes, it) } +
        (1 until bytes.size).asSequence().map { chunks(bytes, listOf(it)) }

/** [bytes] as hexadecimal, a bar at each of [cuts]; of long ones the beginning and the end. */
internal fun show(bytes: ByteArray, cuts: List<Int> = emptyList()): String {
    val shown = StringBuilder()
    for (i in 0..bytes.size) {
        repeat(cuts.count { it == i }) { shown.append("| ") }
        if (i in SHOWN until bytes.size - SHOWN) {
            if (i == SHOWN) shown.append("… ${bytes.size - 2 * SHOWN} bytes … ")
        } else if (i < bytes.size) {
            shown.append("%02x ".format(bytes[i]))
        }
    }
    return "[${shown.trim()}]"
}

/** [value] so that one sees what is in it: text in quotes with escapes, bytes as hexadecimal. */
internal fun show(value: Any?): String =
    when (value) {
        is String -> value.toCharArray().joinToString("", "\"", "\"") { escape(it) }
        is ByteString -> show(value.toByteArray())
        is List<*> -> value.joinToString(", ", "[", "]") { show(it) }
        is Pair<*, *> -> "(${show(value.first)}, ${show(value.second)})"
        else -> value.toString()
    }

private fun escape(char: Char): String =
    when (char) {
        '\n' -> "\\n"
        '\r' -> "\\r"
        '"', '\\' -> "\\$char"
        in ' '..'~' -> char.toString()
        else -> "\\u%04x".format(char.code)
    }

private const val SHOWN = 40
private val EVERYWHERE = List(SHOWN) { it + 1 }
