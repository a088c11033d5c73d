package socketeer

import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.encodeToByteString
import java.nio.ByteOrder
import java.util.zip.CRC32C

/*
 * The PROXY protocol: HAProxy's proxy-protocol.txt of 2020/03/05. Version 1 is a line of text, version 2 is binary:
 *
 *   signature, 12 bytes | version and command | family and kind | length, 2 bytes | addresses | TLVs
 *
 * Where the document lets a receiver choose, this one is strict, but for two things that it must let pass: what follows
 * UNKNOWN in version 1, and what LOCAL and unspecified headers of version 2 hold besides TLVs. A Unix path that has no
 * address here (abstract, not UTF-8, longer than the JDK takes) makes the header one that is unknown, as section 2.2
 * says of what a receiver doesn't support.
 */

/** The longest header of version 1, in bytes with its CR LF; proxy-protocol.txt, section 2.1. */
private const val MAX_PROXY_V1 = 107

/** The longest header of version 2 unless told otherwise: 4 KiB, ten times what addresses and names usually take. */
public const val DEFAULT_MAX_PROXY_V2: Int = 4_096

/**
 * A header of version 1, `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`: TCP addresses or unknown, no TLVs.
 *
 * At most 107 bytes. Its first wrong byte is refused as it comes, a wrong field with its position.
 */
public fun proxyV1(): Codec<ProxyHeader> = PROXY_V1

/**
 * A header of version 2. A checksum that is there is checked, whether or not [checksum] asks for one to be written.
 *
 * @param checksum whether to write a CRC32C; section 2.2.3.
 * @param max the greatest number of bytes of a header, 16 to 65,551; what is announced beyond is refused at once.
 */
public fun proxyV2(checksum: Boolean = false, max: Int = DEFAULT_MAX_PROXY_V2): Codec<ProxyHeader> =
    ProxyV2(checksum, max)

/**
 * A header of either version, as a receiver wants it; version 2 is what it writes.
 *
 * @param max the greatest number of bytes of a header of version 2.
 */
public fun proxyHeader(max: Int = DEFAULT_MAX_PROXY_V2): Codec<ProxyHeader> = EitherVersion(proxyV2(max = max))

private class EitherVersion(private val v2: Codec<ProxyHeader>) : Codec<ProxyHeader> {
    override val maxBytes = maxOf(v2.maxBytes, MAX_PROXY_V1)

    override fun encode(value: ProxyHeader, output: Output) = v2.encode(value, output)

    override fun decoder(): Decoder<ProxyHeader> {
        val first = PROXY_V1.decoder()
        val second = v2.decoder()
        var chosen: Decoder<ProxyHeader>? = null
        return Decoder { input ->
            if (chosen == null && !input.has(1)) return@Decoder null
            val version = chosen ?: when (val byte = input[input.position]) {
                'P'.code.toByte() -> first
                SIGNATURE[0] -> second
                else -> input.malformed("PROXY or the signature of version 2 expected, ${hex(byte.toInt())} is there")
            }
            version.decode(input).also { chosen = if (it == null) version else null }
        }
    }
}

// ---- version 1

// The limit is the whole header's: the line's own never shows.
private val PROXY_V1 =
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

// ---- version 2

private class ProxyV2(private val checksum: Boolean, private val max: Int) : Codec<ProxyHeader> {
    init {
        require(max in HEAD..HEAD + MAX_LENGTH) { "max is $HEAD..${HEAD + MAX_LENGTH}, was $max" }
    }

    override val maxBytes get() = max

    override fun encode(value: ProxyHeader, output: Output) {
        val start = output.size
        val kind = if (value.source == null) UNSPECIFIED else kindOf(value.source)
        output.write(SIGNATURE)
        output.write(VERSION or if (value.isLocal) LOCAL else PROXY)
        output.write(kind.byte)
        output.skip(LENGTH_BYTES)
        kind.codec?.encode(Route(value.source, value.destination), output)
        for (tlv in value.tlvs) TLV.encode(RawTlv(tlv.type, tlv.value), output)
        if (checksum) TLV.encode(RawTlv(ProxyTlv.CRC32C_TYPE, ZEROS), output)
        val size = output.size - start
        if (size > max) throw tooLarge(size, max, "PROXY header")
        putNumber(output.array, start + HEAD - LENGTH_BYTES, size.toLong() - HEAD, LENGTH_BYTES, ByteOrder.BIG_ENDIAN)
        if (checksum) {
            val sum = CRC32C().apply { update(output.array, start, size) }.value
            putNumber(output.array, output.size - CRC_BYTES, sum, CRC_BYTES, ByteOrder.BIG_ENDIAN)
        }
    }

    override fun decoder(): Decoder<ProxyHeader> {
        val signature = Expected(SIGNATURE)
        var begun = false
        return Decoder { input ->
            if (!begun && !signature.passes(input)) return@Decoder null
            begun = true
            val rest = HEAD - SIGNATURE.size
            if (!input.has(rest)) return@Decoder null
            val at = input.position
            val command = command(input, at)
            val kind = kind(input, at + 1, isLocal = command == LOCAL)
            val length = input.numberAt(at + 2, LENGTH_BYTES, ByteOrder.BIG_ENDIAN).toInt()
            if (length > max - HEAD) input.tooLarge("PROXY header <= $max bytes, was ${HEAD + length}", at + 2)
            if (!input.has(rest + length)) return@Decoder null
            begun = false
            input.position = at + rest
            input.content = true
            block(input, length, kind, isLocal = command == LOCAL)
        }
    }

    private fun command(input: Input, at: Int): Int {
        val byte = input[at].toInt() and 0xFF
        if (byte and 0xF0 != VERSION) input.malformed("version 2 expected, ${byte shr 4} is there", at)
        val command = byte and 0x0F
        if (command > PROXY) input.malformed("command 0 (LOCAL) or 1 (PROXY) expected, $command is there", at)
        return command
    }

    private fun kind(input: Input, at: Int, isLocal: Boolean): Kind {
        val byte = input[at].toInt() and 0xFF
        val family = byte shr 4
        val protocol = byte and 0x0F
        // What a local header says of its family is to be ignored.
        if (!isLocal && family > MAX_FAMILY) input.malformed("family of 0..$MAX_FAMILY expected, $family is there", at)
        if (!isLocal && protocol > MAX_PROTOCOL) {
            input.malformed("protocol of 0..$MAX_PROTOCOL expected, $protocol is there", at)
        }
        return KINDS.firstOrNull { it.byte == byte } ?: UNREADABLE
    }

    /** The [length] bytes behind the header's fixed part. */
    private fun block(input: Input, length: Int, kind: Kind, isLocal: Boolean): ProxyHeader {
        val start = input.position - HEAD
        val end = input.position + length
        if (isLocal || kind.codec == null) {
            val tlvs = looseTlvs(input, end, kind)
            val checked = checked(input, start, end, tlvs)
            input.position = end
            return if (isLocal) ProxyHeader.local(checked) else ProxyHeader.unknown(checked)
        }
        if (length < kind.size) {
            input.malformed("${kind.size} bytes of addresses expected, $length are there", start + HEAD - LENGTH_BYTES)
        }
        val ends = kind.codec.decoder().decodeWhole(input, kind.size)
        val tlvs = checked(input, start, end, TLVS.decoder().decodeWhole(input, end - input.position))
        if (ends.source == null || ends.destination == null) return ProxyHeader.unknown(tlvs)
        return ProxyHeader(ends.source, ends.destination, tlvs)
    }

    /** TLVs behind addresses that don't count, if that is what these bytes are: else they are to be skipped. */
    private fun looseTlvs(input: Input, end: Int, kind: Kind): List<RawTlv> {
        if (kind == UNREADABLE || end - input.position < kind.size) return emptyList()
        input.position += kind.size
        return try {
            TLVS.decoder().decodeWhole(input, end - input.position)
        } catch (_: MalformedException) {
            emptyList()
        }
    }

    /** The TLVs that say something, if the checksum among them, the last that may change, is right. */
    private fun checked(input: Input, start: Int, end: Int, raw: List<RawTlv>): List<ProxyTlv> {
        var at = end - raw.sumOf { it.size }
        val tlvs = ArrayList<ProxyTlv>(raw.size)
        var sums = 0
        for (tlv in raw) {
            when (tlv.type) {
                ProxyTlv.NOOP_TYPE -> Unit
                ProxyTlv.CRC32C_TYPE -> if (sums++ == 0) verify(input, start, end, at, tlv) else second(input, at)
                else -> tlvs += tlv.checked(input, at)
            }
            at += tlv.size
        }
        return tlvs
    }

    private fun second(input: Input, at: Int): Nothing = input.malformed("one checksum expected, a second is there", at)

    private fun verify(input: Input, start: Int, end: Int, at: Int, tlv: RawTlv) {
        if (tlv.value.size != CRC_BYTES) {
            input.malformed("checksum of $CRC_BYTES bytes expected, ${tlv.value.size} are there", at)
        }
        val value = at + RawTlv.HEAD
        val sum = CRC32C()
        sum.update(input.array, input.base + start, value - start)
        sum.update(arrayOf(ZEROS))
        sum.update(input.array, input.base + value + CRC_BYTES, end - value - CRC_BYTES)
        input.examined += end - start
        val there = input.numberAt(value, CRC_BYTES, ByteOrder.BIG_ENDIAN)
        if (there != sum.value) input.malformed("checksum ${hex8(sum.value)} expected, ${hex8(there)} is there", value)
    }

    private fun hex8(sum: Long) = "0x" + sum.toString(16).padStart(8, '0')
}

/** A TLV as it comes, padding and checksum included. */
private class RawTlv(val type: Int, val value: ByteString) {
    val size get() = HEAD + value.size

    fun checked(input: Input, at: Int): ProxyTlv = try {
        ProxyTlv(type, value)
    } catch (cause: IllegalArgumentException) {
        input.malformed(cause.message!!, at)
    }

    companion object {
        const val HEAD = 3
    }
}

private val TLV =
    (uint8() then lengthPrefixed(Length.Binary(2))).map({ (type, value) ->
        RawTlv(type, value)
    }, { it.type to it.value })

private val TLVS = TLV.repeatToEnd(MAX_LENGTH)

/** Two addresses as they come; null if there is no such address here. */
private class Route(val source: Address?, val destination: Address?)

/** A kind of address: its [byte] on the wire and how two of them are written, in [size] bytes. */
private class Kind(val byte: Int, val codec: Codec<Route>?) {
    val size = codec?.maxBytes ?: 0
}

private val UNSPECIFIED = Kind(0x00, null)

/** Half specified: how long its addresses are, nobody says. */
private val UNREADABLE = Kind(-1, null)
private val TCP4 = Kind(0x11, inet(4, ::tcp))
private val UDP4 = Kind(0x12, inet(4, ::udp))
private val TCP6 = Kind(0x21, inet(16, ::tcp))
private val UDP6 = Kind(0x22, inet(16, ::udp))
private val UNIX = Kind(0x31, paths(::unix))
private val UNIX_DATAGRAM = Kind(0x32, paths(::unixDatagram))
private val KINDS = listOf(UNSPECIFIED, TCP4, UDP4, TCP6, UDP6, UNIX, UNIX_DATAGRAM)

private fun kindOf(address: Address) = when (address) {
    is TcpAddress -> if (':' in address.host) TCP6 else TCP4
    is UdpAddress -> if (':' in address.host) UDP6 else UDP4
    is UnixAddress -> UNIX
    is UnixDatagramAddress -> UNIX_DATAGRAM
}

private fun inet(size: Int, address: (String, Int) -> HostAddress): Codec<Route> {
    fun bytes(address: Address?) = Ip.parse((address as HostAddress).host).bytes
    fun port(address: Address?) = (address as HostAddress).port
    return (fixed(size) then fixed(size) then uint16() then uint16()).map(
        { (ends, to) ->
            ends.let { (ips, from) -> Route(address("${Ip(ips.first)}", from), address("${Ip(ips.second)}", to)) }
        },
        { bytes(it.source) to bytes(it.destination) to port(it.source) to port(it.destination) },
    )
}

private fun paths(address: (String) -> Address): Codec<Route> =
    (path(address) then path(address)).map({ (a, b) -> Route(a.address, b.address) }, {
        Path(it.source) to
            Path(it.destination)
    })

private class Path(val address: Address?)

/** A path up to its NUL; a first one belongs to a name in the abstract namespace, and alone it is no path at all. */
private fun path(address: (String) -> Address): Codec<Path> =
    fixed(PATH_BYTES).map(
        { bytes ->
            val ends = (1 until bytes.size).firstOrNull { bytes[it] == 0.toByte() } ?: bytes.size
            val text = bytes.substring(0, ends)
            Path(if (ends == 1 && bytes[0] == 0.toByte()) address("") else addressOrNull(text, address))
        },
        { path ->
            val text = when (val named = path.address) {
                is UnixAddress -> named.path
                is UnixDatagramAddress -> named.path
                else -> error("no path: $named")
            }
            wrap(text.encodeToByteArray().copyOf(PATH_BYTES))
        },
    )

private fun addressOrNull(bytes: ByteString, address: (String) -> Address): Address? = try {
    address(text(PATH_BYTES).decode(bytes))
} catch (_: MalformedException) {
    null
} catch (_: IllegalArgumentException) {
    null
}

private val SIGNATURE = ByteString(*byteArrayOf(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10))
private val ZEROS = wrap(ByteArray(CRC_BYTES))
private const val VERSION = 0x20
private const val LOCAL = 0
private const val PROXY = 1
private const val MAX_FAMILY = 3
private const val MAX_PROTOCOL = 2
private const val LENGTH_BYTES = 2

/** The fixed part. */
private const val HEAD = 16
private const val MAX_LENGTH = 65_535
private const val CRC_BYTES = 4
private const val PATH_BYTES = 108
