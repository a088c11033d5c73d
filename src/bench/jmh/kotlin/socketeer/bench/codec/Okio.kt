package socketeer.bench.codec

import okio.Buffer

/** The same written by hand on okio's buffers, as in its recipes; a copy of a buffer shares its segments. */
object Okio : Contender {
    override fun decoding(traffic: Traffic): Work {
        val received = Buffer().write(traffic.wire)
        return when (traffic.framing) {
            Framing.LINES -> decoding(received) { it.readUtf8LineStrict(MAX_LINE.toLong()) }
            Framing.INT32 -> decoding(received) { it.readByteString(checked(it.readInt(), MAX_FRAME).toLong()) }
            Framing.VARINT -> decoding(received) { it.readByteString(checked(varint(it), MAX_FRAME).toLong()) }
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
            bytes.readByteString(number(bytes, '$', MAX_FRAME).toLong()).also { crlf(bytes) }
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
            Framing.LINES -> encoding(traffic) { it, out -> out.writeUtf8(it as String).writeByte('\n'.code) }
            Framing.INT32 -> encoding(traffic) { it, out -> out.writeInt((it as ByteArray).size).write(it) }
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
            out.writeByte((rest and 0x7F) or 0x80)
            rest = rest ushr 7
        }
        out.writeByte(rest)
    }

    private fun command(parts: List<*>, out: Buffer) {
        out.writeByte('*'.code).writeDecimalLong(parts.size.toLong()).writeShort(CRLF.toInt())
        for (part in parts) {
            out.writeByte('$'.code).writeDecimalLong((part as ByteArray).size.toLong()).writeShort(CRLF.toInt())
            out.write(part).writeShort(CRLF.toInt())
        }
    }
}

/** [n] if it is a size that may be. */
internal fun checked(n: Int, max: Int): Int {
    check(n in 0..max) { "0 <= size <= $max, was $n" }
    return n
}

/** CR LF as one number. */
internal const val CRLF: Short = 0x0D0A
