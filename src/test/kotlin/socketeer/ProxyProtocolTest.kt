package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.io.bytestring.ByteString
import socketeer.testing.AtLimit
import socketeer.testing.Claims
import socketeer.testing.codecLaws
import socketeer.testing.values
import java.util.zip.CRC32C
import kotlin.random.Random

/** The PROXY protocol: headers as bytes. A server behind one is in [ProxiedTest], with a real one in [HaproxyTest]. */
class ProxyProtocolTest : FunSpec({
    include(codecLaws("version 1", proxyV1(), values { tcpHeader(it, emptyList()) }, Claims(canonical = false)))
    include(codecLaws("version 2", proxyV2(), values(make = ::header), v2Claims { proxyV2(max = it) }))
    include(
        codecLaws("version 2, checksum", proxyV2(checksum = true), values(make = ::header), Claims(canonical = false)),
    )
    include(codecLaws("either version", proxyHeader(), values(make = ::header), v2Claims { proxyHeader(it) }))

    context("version 1, as the document has it") {
        for ((line, header) in V1) test(line) { proxyHeader().decode(ascii("$line\r\n")) shouldBe header }

        test("what is written") {
            for ((line, header) in V1.take(3)) proxyV1().encode(header).text() shouldBe "$line\r\n"
            proxyV1().encode(ProxyHeader.unknown()).text() shouldBe "PROXY UNKNOWN\r\n"
            val mapped = ProxyHeader(tcp("::ffff:192.0.2.1", 1), tcp("::ffff:0.0.0.1", 2))
            proxyV1().encode(mapped).text() shouldBe "PROXY TCP6 ::ffff:c000:201 ::ffff:0:1 1 2\r\n"
        }

        test("107 bytes are a header, 108 are not") {
            val filled = "PROXY UNKNOWN " + "f".repeat(107 - 14 - 2)
            proxyV1().decode(ascii("$filled\r\n")) shouldBe ProxyHeader.unknown()
            shouldThrow<TooLargeException> { proxyV1().decode(ascii("${filled}f\r\n")) }
            proxyV1().maxBytes shouldBe 107
        }

        test("what it can't say") {
            val refused = mapOf(
                ProxyHeader.local() to "a header of version 1 isn't local, was PROXY local",
                ProxyHeader(udp("192.0.2.1", 1), udp("192.0.2.2", 2)) to
                    "a header of version 1 is TCP's, was PROXY 192.0.2.1:1 -> 192.0.2.2:2",
                ProxyHeader.unknown(listOf(ProxyTlv(1, ascii("h2")))) to
                    "a header of version 1 has no TLVs, was PROXY unknown 0x01=ByteString(size=2 hex=6832)",
            )
            for ((header, why) in refused) {
                shouldThrow<IllegalArgumentException> { proxyV1().encode(header) }.message shouldBe why
            }
        }
    }

    context("version 2, byte by byte") {
        test("TCP over IPv4, with the host that was asked for") {
            val bytes = v2(0x21, 0x11, hex("c0000201 c6336401 dc04 01bb"), tlv(2, ascii("example.org")))
            val header = proxyV2().decode(bytes)
            header shouldBe ProxyHeader(
                tcp("192.0.2.1", 56_324),
                tcp("198.51.100.1", 443),
                listOf(ProxyTlv(ProxyTlv.AUTHORITY, ascii("example.org"))),
            )
            header[ProxyTlv.AUTHORITY]?.text() shouldBe "example.org"
            header[ProxyTlv.UNIQUE_ID] shouldBe null
            proxyV2().encode(header) shouldBe bytes
        }

        test("UDP over IPv6") {
            val address = "20010db8000000000000000000000001"
            proxyV2().decode(v2(0x21, 0x22, hex("$address $address 0001 0002"))) shouldBe
                ProxyHeader(udp("2001:db8::1", 1), udp("2001:db8::1", 2))
        }

        test("Unix: a path, none, an abstract name, what is no address here") {
            fun paths(family: Int, source: String, destination: String) =
                proxyV2().decode(v2(0x21, family, padded(source), padded(destination)))
            paths(0x31, "", "/run/a.sock") shouldBe ProxyHeader(unix(""), unix("/run/a.sock"))
            paths(0x31, "/a\u0000left over", "/b") shouldBe ProxyHeader(unix("/a"), unix("/b"))
            paths(0x32, "\u0000name", "/b") shouldBe ProxyHeader(unixDatagram("\u0000name"), unixDatagram("/b"))
            for (path in listOf("\u0000name", "x".repeat(108))) {
                paths(0x31, path, "/b") shouldBe ProxyHeader.unknown()
            }
            proxyV2().decode(v2(0x21, 0x31, hex("ff".repeat(108)), padded("/b"))) shouldBe ProxyHeader.unknown()
        }

        test("local and unspecified: what they hold is skipped, whatever it is, unless it is TLVs") {
            val tlvs = listOf(ProxyTlv(ProxyTlv.UNIQUE_ID, ascii("7")))
            for ((command, bare) in listOf(0x20 to ProxyHeader.local(), 0x21 to ProxyHeader.unknown())) {
                val named = if (bare.isLocal) ProxyHeader.local(tlvs) else ProxyHeader.unknown(tlvs)
                proxyV2().decode(v2(command, 0)) shouldBe bare
                proxyV2().decode(v2(command, 0, hex("010203040506"))) shouldBe bare
                proxyV2().decode(v2(command, 0, tlv(5, ascii("7")))) shouldBe named
                for (half in listOf(0x10, 0x02, 0x30)) {
                    proxyV2().decode(v2(command, half, tlv(5, ascii("7")))) shouldBe bare
                }
            }
            proxyV2().decode(v2(0x20, 0x11, ByteString(ByteArray(12)), tlv(5, ascii("7")))) shouldBe
                ProxyHeader.local(tlvs)
            proxyV2().decode(v2(0x20, 0x11, hex("0102"))) shouldBe ProxyHeader.local()
            proxyV2().decode(v2(0x20, 0xf7, hex("0102"))) shouldBe ProxyHeader.local()
        }

        test("what HAProxy 2.6 sends for a health check, as captured") {
            proxyV2().decode(hex("0d0a0d0a000d0a515549540a 20 00 0007 03 0004 a9b87e8f")) shouldBe ProxyHeader.local()
        }

        test("padding says nothing") {
            val padded = v2(0x21, 0x11, ByteString(ByteArray(12)), tlv(4, ByteString(1, 2, 3)), tlv(4, ByteString()))
            proxyV2().decode(padded).tlvs shouldBe emptyList()
        }

        test("the checksum: of the whole header, itself zero") {
            val zero = v2(
                0x21,
                0x11,
                hex("c0000201 c6336401 dc04 01bb"),
                tlv(3, ByteString(ByteArray(4))),
            ).toByteArray()
            val sum = CRC32C().apply { update(zero) }.value
            for (i in 0..3) zero[zero.size - 4 + i] = (sum shr 24 - 8 * i).toByte()
            val header = ProxyHeader(tcp("192.0.2.1", 56_324), tcp("198.51.100.1", 443))
            proxyV2().decode(ByteString(zero)) shouldBe header
            proxyV2(checksum = true).encode(header) shouldBe ByteString(zero)
            // But for the bytes that say that there is a checksum, and where: the family and its own type.
            for (bit in (0 until 8 * zero.size).filter { it / 8 != 13 && it / 8 != 28 }) {
                val flipped = zero.copyOf().also { it[bit / 8] = (it[bit / 8].toInt() xor (1 shl bit % 8)).toByte() }
                withClue("bit $bit") {
                    shouldThrow<SocketeerException> { proxyV2().decode(ByteString(flipped)) }
                }
            }
        }
    }

    context("refused, with what is wrong and where") {
        for ((what, bytes, why) in MALFORMED) {
            test(what) {
                val refusal = shouldThrow<SocketeerException> { proxyHeader().decode(bytes) }
                "${refusal::class.simpleName}: ${refusal.message}" shouldBe why
            }
        }
    }

    context("a header as a value") {
        test("two addresses of one kind and family, literals") {
            val refused = mapOf<() -> ProxyHeader, String>(
                { ProxyHeader(tcp("192.0.2.1", 1), udp("192.0.2.1", 1)) } to
                    "addresses of one kind, was TcpAddress 192.0.2.1:1 and UdpAddress 192.0.2.1:1",
                { ProxyHeader(tcp("192.0.2.1", 1), tcp("::1", 1)) } to
                    "addresses of one family, was 192.0.2.1:1 and [::1]:1",
                { ProxyHeader(tcp("localhost", 1), tcp("192.0.2.1", 1)) } to
                    "an address is a literal in a header, was localhost:1",
                { ProxyHeader(unixDatagram("\u0000"), unixDatagram("")) } to
                    "an abstract name has 1 byte or more in a header, was 0",
            )
            for ((make, why) in refused) shouldThrow<IllegalArgumentException> { make() }.message shouldBe why
        }

        test("a scope id stays behind") {
            ProxyHeader(tcp("fe80::1%eth0", 1), tcp("fe80::2%eth0", 2)).source shouldBe tcp("fe80::1", 1)
        }

        test("TLVs in their bounds, and a list that nobody changes afterwards") {
            for (type in listOf(-1, 256, 3, 4)) shouldThrow<IllegalArgumentException> { ProxyTlv(type, ByteString()) }
            shouldThrow<IllegalArgumentException> { ProxyTlv(1, ByteString(ByteArray(65_536))) }
            shouldThrow<IllegalArgumentException> { ProxyTlv(ProxyTlv.UNIQUE_ID, ByteString(ByteArray(129))) }
            val tlvs = arrayListOf(ProxyTlv(1, ByteString()))
            val header = ProxyHeader.local(tlvs)
            tlvs.clear()
            header.tlvs.size shouldBe 1
        }
    }
})

private val V1 = listOf(
    "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443" to
        ProxyHeader(tcp("192.168.0.1", 56_324), tcp("192.168.0.11", 443)),
    "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0" to ProxyHeader(tcp("255.255.255.255", 65_535), tcp("0.0.0.0", 0)),
    "PROXY TCP6 2001:db8::1 ::1 1 2" to ProxyHeader(tcp("2001:db8::1", 1), tcp("::1", 2)),
    "PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0001 ::FFFF:192.0.2.1 1 2" to
        ProxyHeader(tcp("2001:db8::1", 1), tcp("::ffff:192.0.2.1", 2)),
    "PROXY UNKNOWN" to ProxyHeader.unknown(),
    "PROXY UNKNOWN and whatever 99999" to ProxyHeader.unknown(),
)

private const val SPACES = "5 fields, one space between them, expected"

private val MALFORMED = listOf(
    row("HTTP", "GET / HTTP/1.1\r\n", "PROXY or the signature of version 2 expected, 0x47 is there, at byte 0"),
    row("TLS", hex("16030100"), "PROXY or the signature of version 2 expected, 0x16 is there, at byte 0"),
    row("another word", "PROXIES\r\n", "byte 0x59 expected, 0x49 is there, at byte 4"),
    row("a tab", "PROXY\tTCP4", "byte 0x20 expected, 0x09 is there, at byte 5"),
    v1("TCP5 1.2.3.4 5.6.7.8 1 2", "TCP4, TCP6 or UNKNOWN expected, \"TCP5\" is there, at byte 6"),
    v1("tcp4 1.2.3.4 5.6.7.8 1 2", "TCP4, TCP6 or UNKNOWN expected, \"tcp4\" is there, at byte 6"),
    v1("UNKNOWNS", "TCP4, TCP6 or UNKNOWN expected, \"UNKNOWNS\" is there, at byte 6"),
    v1("", "TCP4, TCP6 or UNKNOWN expected, \"\" is there, at byte 6"),
    v1("\u001b[31m", "TCP4, TCP6 or UNKNOWN expected, \"?[31m\" is there, at byte 6"),
    v1("TCP4 1.2.3.4 5.6.7.8 1", "$SPACES, 4 are there, at byte 6"),
    v1("TCP4  1.2.3.4 5.6.7.8 1 2", "$SPACES, 6 are there, at byte 6", "a space too many"),
    v1("TCP4 1.2.3.4 5.6.7.8 1 2 ", "$SPACES, 6 are there, at byte 6", "a space at the end"),
    v1("TCP4 1.2.3.04 5.6.7.8 1 2", "IPv4 address expected, \"1.2.3.04\" is there, at byte 11"),
    v1("TCP4 1.2.3.4 5.6.7.256 1 2", "IPv4 address expected, \"5.6.7.256\" is there, at byte 19"),
    v1("TCP4 ::1 ::1 1 2", "IPv4 address expected, \"::1\" is there, at byte 11"),
    v1("TCP6 ::1 1.2.3.4 1 2", "IPv6 address expected, \"1.2.3.4\" is there, at byte 15"),
    v1("TCP6 fe80::1%eth0 ::1 1 2", "IPv6 address expected, \"fe80::1%eth0\" is there, at byte 11"),
    v1("TCP6 1::2::3 ::1 1 2", "IPv6 address expected, \"1::2::3\" is there, at byte 11"),
    v1("TCP4 1.2.3.4 5.6.7.8 65536 2", "port of 0..65535 expected, \"65536\" is there, at byte 27"),
    v1("TCP4 1.2.3.4 5.6.7.8 1 02", "port of 0..65535 expected, \"02\" is there, at byte 29"),
    v1("TCP4 1.2.3.4 5.6.7.8 -1 2", "port of 0..65535 expected, \"-1\" is there, at byte 27"),
    row("LF alone", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "CR LF expected, 0x0a by itself is there, at byte 30"),
    row("CR alone", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx", "CR LF expected, 0x0d by itself is there, at byte 30"),
    row("not text", hex("50524f585920 54435034ff 0d0a"), "UTF-8 expected, 0xff is there, at byte 10"),
    row("no end", "PROXY " + "x".repeat(200), "<= 107 bytes from byte 0, at byte 107", "TooLargeException"),
    row(
        "cut short",
        "PROXY TCP4 1.2",
        "the stream ended inside a frame at byte 0: have 14 bytes, need 15",
        "BrokenException",
    ),
    row("signature", hex("0d0a0d0a00 0e"), "byte 0x0d expected, 0x0e is there, at byte 5"),
    row("version 1, binary", v2(0x11, 0x11), "version 2 expected, 1 is there, at byte 12"),
    row("command 2", v2(0x22, 0x11), "command 0 (LOCAL) or 1 (PROXY) expected, 2 is there, at byte 12"),
    row("family 4", v2(0x21, 0x41), "family of 0..3 expected, 4 is there, at byte 13"),
    row("protocol 3", v2(0x21, 0x13), "protocol of 0..2 expected, 3 is there, at byte 13"),
    row(
        "addresses cut",
        v2(0x21, 0x11, ByteString(ByteArray(11))),
        "12 bytes of addresses expected, 11 are there, at byte 14",
    ),
    row(
        "a Unix path cut",
        v2(0x21, 0x31, ByteString(ByteArray(215))),
        "216 bytes of addresses expected, 215 are there, at byte 14",
    ),
    row(
        "TLV cut",
        v2(0x21, 0x11, ByteString(ByteArray(12)), hex("0100050102")),
        "payload ends inside: have 5 bytes, need 8, at byte 33",
    ),
    row(
        "TLV without its length",
        v2(0x21, 0x11, ByteString(ByteArray(12)), hex("0100")),
        "payload ends inside: have 2 bytes, need 3, at byte 30",
    ),
    row(
        "unique id of 129 bytes",
        v2(0x21, 0x11, ByteString(ByteArray(12)), tlv(5, ByteString(ByteArray(129)))),
        "a unique id <= 128 bytes, was 129, at byte 28",
    ),
    row(
        "checksum of 3 bytes",
        v2(0x21, 0x11, ByteString(ByteArray(12)), tlv(3, ByteString(ByteArray(3)))),
        "checksum of 4 bytes expected, 3 are there, at byte 28",
    ),
    row(
        "wrong checksum",
        v2(0x21, 0x11, ByteString(ByteArray(12)), tlv(3, hex("deadbeef"))),
        "checksum ${crc(v2(0x21, 0x11, ByteString(ByteArray(12)), tlv(3, hex("00000000"))))} expected, " +
            "0xdeadbeef is there, at byte 31",
    ),
    row(
        "wrong checksum of a local header",
        v2(0x20, 0, tlv(3, hex("deadbeef"))),
        "checksum ${crc(v2(0x20, 0, tlv(3, hex("00000000"))))} expected, 0xdeadbeef is there, at byte 19",
    ),
    row(
        "oversize",
        v2(0x21, 0x11, ByteString(ByteArray(5_000))),
        "PROXY header <= 4096 bytes, was 5016, at byte 14",
        "TooLargeException",
    ),
)

private fun v1(fields: String, why: String, what: String = fields.ifEmpty { "nothing" }) =
    row(what, "PROXY $fields\r\n", why)

private fun row(what: String, text: String, why: String, type: String = "MalformedException") =
    row(what, ascii(text), why, type)

private fun row(what: String, bytes: ByteString, why: String, type: String = "MalformedException") =
    Triple(what, bytes, "$type: $why")

private fun hex(text: String): ByteString =
    ByteString(*text.filterNot { it == ' ' }.chunked(2).map { it.toInt(16).toByte() }.toByteArray())

private fun v2(command: Int, family: Int, vararg parts: ByteString): ByteString {
    val block = parts.flatMap { it.toByteArray().asList() }.toByteArray()
    val head = byteArrayOf(command.toByte(), family.toByte(), (block.size shr 8).toByte(), block.size.toByte())
    return ByteString(*hex("0d0a0d0a000d0a515549540a").toByteArray() + head + block)
}

private fun tlv(type: Int, value: ByteString) =
    ByteString(*byteArrayOf(type.toByte(), (value.size shr 8).toByte(), value.size.toByte()) + value.toByteArray())

private fun padded(path: String) = ByteString(*path.encodeToByteArray().copyOf(108))

private fun crc(bytes: ByteString) =
    "0x" + CRC32C().apply { update(bytes.toByteArray()) }.value.toString(16).padStart(8, '0')

/** At the limit and one above it: 16 bytes, 12 of addresses, 3 of a TLV and its value. */
private fun v2Claims(wider: (Int) -> Codec<ProxyHeader>): Claims<ProxyHeader> {
    fun sized(n: Int) = ProxyHeader(
        tcp("192.0.2.1", 1),
        tcp("192.0.2.2", 2),
        listOf(ProxyTlv(ProxyTlv.SSL, ByteString(ByteArray(n - 31)))),
    )
    return Claims(
        canonical = false,
        atLimit = AtLimit(sized(DEFAULT_MAX_PROXY_V2), sized(DEFAULT_MAX_PROXY_V2 + 1), wider(65_551)),
        misconfigured = listOf({ wider(15) }, { wider(65_552) }),
    )
}

private fun header(random: Random): ProxyHeader {
    val tlvs = List(random.nextInt(3)) { tlv(random) }
    return when (random.nextInt(6)) {
        0 -> ProxyHeader.local(tlvs)
        1 -> ProxyHeader.unknown(tlvs)
        2 -> ProxyHeader(unix(path(random)), unix(path(random)), tlvs)
        3 -> ProxyHeader(unixDatagram(path(random)), unixDatagram("\u0000" + path(random)), tlvs)
        4 -> random.nextBoolean().let { v6 ->
            ProxyHeader(udp(ip(random, v6), port(random)), udp(ip(random, v6), port(random)), tlvs)
        }
        else -> tcpHeader(random, tlvs)
    }
}

private fun tcpHeader(random: Random, tlvs: List<ProxyTlv>): ProxyHeader {
    if (tlvs.isEmpty() && random.nextInt(9) == 0) return ProxyHeader.unknown()
    val v6 = random.nextBoolean()
    return ProxyHeader(tcp(ip(random, v6), port(random)), tcp(ip(random, v6), port(random)), tlvs)
}

private fun ip(random: Random, v6: Boolean): String {
    val bytes = random.nextBytes(if (v6) 16 else 4)
    if (v6) for (i in 0 until random.nextInt(17)) bytes[i] = 0
    if (v6 &&
        random.nextInt(5) == 0
    ) {
        "00000000000000000000ffff".chunked(2).forEachIndexed { i, byte ->
            bytes[i] =
                byte.toInt(16).toByte()
        }
    }
    return Ip(ByteString(*bytes)).toString()
}

private fun port(random: Random) = listOf(0, 1, 65_535, random.nextInt(65_536)).random(random)

private fun path(random: Random) = "/" + CharArray(random.nextInt(100)) { ('a'..'z').random(random) }.concatToString()

private fun tlv(random: Random): ProxyTlv {
    val type = generateSequence { random.nextInt(256) }.first { it != 3 && it != 4 }
    return ProxyTlv(type, ByteString(*random.nextBytes(listOf(0, 1, 128, random.nextInt(129)).random(random))))
}
