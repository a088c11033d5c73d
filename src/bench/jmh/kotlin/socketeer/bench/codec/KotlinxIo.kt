package socketeer.bench.codec

import kotlinx.io.Buffer
import kotlinx.io.readByteString
import kotlinx.io.readDecimalLong
import kotlinx.io.readLineStrict
import kotlinx.io.writeDecimalLong
import kotlinx.io.writeString

/** The same written by hand on kotlinx-io's buffers; a copy of a buffer shares its segments. */
object KotlinxIo : Contender {
    override fun decoding(traffic: Traffic): Work {
        val received = Buffer().apply { write(traffic.wire) }
        return when (traffic.framing) {
            Framing.LINES -> decoding(received) { it.readLineStrict(MAX_LINE.toLong()) }
            Framing.INT32 -> decoding(received) { it.readByteString(checked(it.readInt(), MAX_FRAME)) }
            Framing.VARINT -> decoding(received) { it.readByteString(checked(varint(it), MAX_FRAME)) }
            Framing.RESP -> decoding(received) { command(it) }
        }
    }

    private inline fun decoding(received: Buffer, crossinline message: (Buffer) -> Any) =
        Work { taker ->
            val bytes = received.copy()
            while (!bytes.exhausted()) taker.accept(message(bytes))
        }

    private fun varint(bytes: Buffer): Int {
        var number = 0
        for (shift in 0..28 step 7) {
            val byte = bytes.readByte().toInt()
            number = number or ((byte and 0x7F) shl shift)
            if (byte >= 0) return number
        }
        error("varint of 5 bytes at most")
    }

    private fun command(bytes: Buffer) =
        List(number(bytes, '*', MAX_ITEMS)) {
            bytes.readByteString(number(bytes, '$', MAX_FRAME)).also { crlf(bytes) }
        }

    private fun number(bytes: Buffer, kind: Char, max: Int): Int {
        check(bytes.readByte() == kind.code.toByte())
        val number = bytes.readDecimalLong()
        crlf(bytes)
        check(number in 0..max)
        return number.toInt()
    }

    private fun crlf(bytes: Buffer) = check(bytes.readShort() == CRLF)

    override fun encoding(traffic: Traffic): Work =
        when (traffic.framing) {
            Framing.LINES -> encoding(traffic) { it, out ->
                out.writeString(it as String)
                out.writeByte('\n'.code.toByte())
            }
            Framing.INT32 -> encoding(traffic) { it, out ->
                out.writeInt((it as ByteArray).size)
                out.write(it)
            }
            Framing.VARINT -> encoding(traffic) { it, out ->
                varint((it as ByteArray).size, out)
                out.write(it)
            }
            Framing.RESP -> encoding(traffic) { it, out -> command(it as List<*>, out) }
        }

    private inline fun encoding(traffic: Traffic, crossinline encode: (Any, Buffer) -> Unit): Work {
        val out = Buffer()
        return Work { taker ->
            for (message in traffic.messages) encode(message, out)
            taker.accept(out)
            out.clear()
        }
    }

    private fun varint(number: Int, out: Buffer) {
        var rest = number
        while (rest > 0x7F) {
            out.writeByte(((rest and 0x7F) or 0x80).toByte())
            rest = rest ushr 7
        }
        out.writeByte(rest.toByte())
    }

    private fun command(parts: List<*>, out: Buffer) {
        header('*', parts.size, out)
        for (part in parts) {
            header('$', (part as ByteArray).size, out)
            out.write(part)
            out.writeShort(CRLF)
        }
    }

    private fun header(kind: Char, number: Int, out: Buffer) {
        out.writeByte(kind.code.toByte())
        out.writeDecimalLong(number.toLong())
        out.writeShort(CRLF)
    }
}
