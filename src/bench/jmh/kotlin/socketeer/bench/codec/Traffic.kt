package socketeer.bench.codec

import java.io.ByteArrayOutputStream
import kotlin.random.Random

/** How many messages a chunk has. */
const val MESSAGES: Int = 500

/** What everybody refuses to go beyond: bytes of a frame, items of a command. */
const val MAX_FRAME: Int = 1 shl 20
const val MAX_LINE: Int = 1 shl 16
const val MAX_ITEMS: Int = 1024

/** The wire formats; a message is a text (lines), bytes (the lengths) or a list of bytes (RESP's commands). */
enum class Framing {
    LINES,
    INT32,
    VARINT,
    RESP,
}

/**
 * Messages of about [size] bytes and what they are on the wire, written down here byte by byte and by none of those
 * that are compared: what each has to decode, and what it has to encode.
 */
class Traffic(val framing: Framing, size: Int) {
    val messages: List<Any>
    val wire: ByteArray

    init {
        val random = Random(SEED)
        messages = List(MESSAGES) { message(random, size / 2 + random.nextInt(size)) }
        wire = ByteArrayOutputStream().also { out -> messages.forEach { write(it, out) } }.toByteArray()
    }

    private fun message(random: Random, size: Int): Any {
        val text = ByteArray(size) { (' '.code + random.nextInt(PRINTABLE)).toByte() }
        return when (framing) {
            Framing.LINES -> text.decodeToString()
            Framing.INT32, Framing.VARINT -> text
            Framing.RESP ->
                listOf("SET".encodeToByteArray(), "key:${random.nextInt(MAX_ITEMS)}".encodeToByteArray(), text)
        }
    }

    private fun write(message: Any, out: ByteArrayOutputStream) {
        when (framing) {
            Framing.LINES -> out.writeBytes("$message\n".encodeToByteArray())
            Framing.INT32 ->
                frame(message as ByteArray, out) { n -> for (shift in 24 downTo 0 step 8) out.write(n shr shift) }
            Framing.VARINT -> frame(message as ByteArray, out) { n -> varint(n, out) }
            Framing.RESP -> command(message as List<*>, out)
        }
    }

    private fun frame(bytes: ByteArray, out: ByteArrayOutputStream, length: (Int) -> Unit) {
        length(bytes.size)
        out.writeBytes(bytes)
    }

    private fun varint(n: Int, out: ByteArrayOutputStream) {
        if (n > 0x7F) out.write((n and 0x7F) or 0x80)
        if (n > 0x7F) varint(n shr 7, out) else out.write(n)
    }

    private fun command(parts: List<*>, out: ByteArrayOutputStream) {
        out.writeBytes("*${parts.size}\r\n".encodeToByteArray())
        for (part in parts) {
            out.writeBytes("$${(part as ByteArray).size}\r\n".encodeToByteArray())
            out.writeBytes(part)
            out.writeBytes("\r\n".encodeToByteArray())
        }
    }
}

private const val SEED = 20_260_101
private const val PRINTABLE = 95
