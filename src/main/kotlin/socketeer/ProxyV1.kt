package socketeer

import kotlinx.io.bytestring.encodeToByteString

// The limit is the whole header's: the line's own never shows.
internal val PROXY_V1: Codec<ProxyHeader> =
    lines(V1Fields, LineEnd.CRLF, MAX_PROXY_V1).after("PROXY ".encodeToByteString()).limit(MAX_PROXY_V1)

/** What stands between `PROXY ` and the line's end. */
private object V1Fields : Codec<ProxyHeader>, Decoder<ProxyHeader> {
    override val maxBytes get() = MAX_PROXY_V1
    override val untilEnd get() = true

    override fun encode(value: ProxyHeader, output: Output) {
        require(value.tlvs.isEmpty()) { "a header of version 1 has no TLVs, was $value" }
        require(!value.isLocal) { "a header of version 1 isn't local, was $value" }
        output.writeText(if (value.source == null) UNKNOWN else fields(value))
    }

    private fun fields(header: ProxyHeader): String {
        val source = header.source
        val destination = header.destination
        require(source is TcpAddress && destination is TcpAddress) { "a header of version 1 is TCP's, was $header" }
        val family = if (':' in source.host) "TCP6" else "TCP4"
        return "$family ${inHex(source.host)} ${inHex(destination.host)} ${source.port} ${destination.port}"
    }

    /** The document knows hexadecimal groups only, so no dots in an IPv4 address mapped into IPv6. */
    private fun inHex(host: String): String {
        val tail = host.substringAfter("::ffff:", "")
        if ('.' !in tail) return host
        val (a, b, c, d) = tail.split('.').map(String::toInt)
        return "::ffff:" + ((a shl 8) or b).toString(16) + ":" + ((c shl 8) or d).toString(16)
    }

    override fun decoder(): Decoder<ProxyHeader> = this

    override fun decode(input: Input): ProxyHeader? {
        if (!input.ended) return null
        if (isUnknown(input)) {
            input.content = true
            input.position = input.size
            return ProxyHeader.unknown()
        }
        val start = input.position
        val fields = input.readText(input.remaining).split(' ')
        val positions = fields.runningFold(start) { at, field -> at + field.length + 1 }
        val v4 = when (fields[0]) {
            "TCP4" -> true
            "TCP6" -> false
            else -> input.malformed("TCP4, TCP6 or UNKNOWN expected, ${quoted(fields[0])} is there", start)
        }
        if (fields.size != FIELDS) {
            input.malformed("$FIELDS fields, one space between them, expected, ${fields.size} are there", start)
        }
        val (source, destination) = listOf(1, 2).map { ip(input, fields[it], v4, positions[it]) }
        val (from, to) = listOf(3, 4).map { port(input, fields[it], positions[it]) }
        return ProxyHeader(tcp(source, from), tcp(destination, to))
    }

    private fun isUnknown(input: Input): Boolean {
        if (input.remaining < UNKNOWN.length) return false
        val start = input.position
        if (UNKNOWN.indices.any { input[start + it] != UNKNOWN[it].code.toByte() }) return false
        return input.remaining == UNKNOWN.length || input[start + UNKNOWN.length] == ' '.code.toByte()
    }

    private fun ip(input: Input, text: String, v4: Boolean, at: Int): String {
        val ip = Ip.parseOrNull(text)
        if (ip == null || ip.isV4 != v4 || ip.scope != null) {
            input.malformed("IPv${if (v4) 4 else 6} address expected, ${quoted(text)} is there", at)
        }
        return ip.toString()
    }

    private fun port(input: Input, text: String, at: Int): Int {
        val port = if (PORT.matches(text)) text.toInt() else -1
        if (port !in 0..MAX_PORT) input.malformed("port of 0..$MAX_PORT expected, ${quoted(text)} is there", at)
        return port
    }

    /** Fit to be printed: a peer wrote it. */
    private fun quoted(text: String) = "\"" + text.map { if (it in ' '..'~') it else '?' }.joinToString("") + "\""

    private const val UNKNOWN = "UNKNOWN"
    private const val FIELDS = 5
    private val PORT = Regex("0|[1-9][0-9]{0,4}")
}

/** The longest header of version 1, in bytes with its CR LF; proxy-protocol.txt, section 2.1. */
internal const val MAX_PROXY_V1 = 107
