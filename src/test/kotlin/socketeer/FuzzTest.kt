package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.ints.shouldBeLessThanOrEqual
import kotlinx.io.bytestring.ByteString
import kotlinx.serialization.ExperimentalSerializationApi
import kotlinx.serialization.cbor.Cbor
import kotlinx.serialization.json.Json
import kotlinx.serialization.protobuf.ProtoBuf
import socketeer.testing.freshSeed
import kotlin.random.Random
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/**
 * Random and mutated bytes through every decoder, cut anyhow: nothing but this library's errors, no hang, no growth. A
 * long run: `mvn test -Dtest=FuzzTest -DargLine=-Dsocketeer.fuzz=600` (seconds).
 */
class FuzzTest :
    FunSpec({
        val duration = System.getProperty("socketeer.fuzz", "3").toInt().seconds
        // Kotest ends a test after ten minutes unless told otherwise.
        timeout = (duration + 10.minutes).inWholeMilliseconds

        test("no decoder is brought out of its family of errors, hangs or grows") {
            val seed = freshSeed()
            val random = Random(seed)
            val until = TimeSource.Monotonic.markNow() + duration
            var runs = 0L
            withClue({ "seed $seed, run $runs" }) {
                while (until.hasNotPassedNow() || runs == 0L) {
                    for ((name, codec) in everyCodec) withClue(name) { fuzz(codec, random) }
                    runs += everyCodec.size
                }
            }
            println("fuzz: $runs runs, seed $seed")
        }
    })

private fun <T : Any> fuzz(codec: Codec<T>, random: Random) {
    val bytes = hostile(codec, random)
    val frames = Frames(codec, maxEmpty = 100)
    var from = 0
    var delivered = 0
    var error: Throwable? = null
    while (from < bytes.size && error == null) {
        val to = minOf(bytes.size, from + 1 + random.nextInt(if (random.nextBoolean()) 4 else 400))
        frames.feed(bytes, from, to)
        from = to
        error = drain(frames) { delivered++ }
        frames.held shouldBeLessThanOrEqual 4 * bytes.size + 65_536
    }
    frames.end()
    drain(frames) { delivered++ }
    delivered shouldBeLessThanOrEqual bytes.size + 1
}

/** Takes all frames; the error that ended the stream, if one did. */
private fun drain(frames: Frames<*>, each: () -> Unit): Throwable? {
    var last: Throwable? = null
    while (true) {
        try {
            frames.next() ?: return null
            each()
        } catch (e: SocketeerException) {
            if (e === last) return e
            last = e
        }
    }
}

/** Random bytes, or frames of [codec]'s own with a few bytes changed. */
private fun <T : Any> hostile(codec: Codec<T>, random: Random): ByteArray {
    val seeds = valid.filter { runCatching { codec.decode(it) }.isSuccess }
    val bytes =
        if (seeds.isEmpty() || random.nextInt(3) == 0) {
            random.nextBytes(random.nextInt(600))
        } else {
            List(1 + random.nextInt(4)) { seeds.random(random).toByteArray().toList() }.flatten().toByteArray()
        }
    repeat(random.nextInt(6)) {
        if (bytes.isNotEmpty()) {
            bytes[random.nextInt(minOf(bytes.size, 1 shl random.nextInt(1, 10)))] =
                HOSTILE.random(random)
        }
    }
    return bytes
}

private val HOSTILE = listOf(0, 1, 2, 4, 0x7F, 0x80, 0x81, 0xC3, 0xFE, 0xFF, 10, 13, 44, 48, 57, 58).map { it.toByte() }

private val strings = lengthPrefixed(text(), Length.Varint)

@OptIn(ExperimentalSerializationApi::class)
private val everyCodec: List<Pair<String, Codec<*>>> =
    listOf(
        "fixed" to fixed(7),
        "bytes" to bytes(300),
        "text" to text(300),
        "varint" to varint(),
        "lines" to lines(max = 100),
        "lines, resync" to lines(max = 20, resync = true),
        "lines, last open" to lines(max = 20, lastMayBeOpen = true),
        "CR LF" to lines(LineEnd.CRLF, max = 100),
        "CR LF, resync" to lines(LineEnd.CRLF, max = 20, resync = true),
        "delimited" to delimited(bytes(), listOf(ascii("ab"), ByteString(0, 0), ascii("zab")), 50, resync = true),
        "4-byte length" to lengthPrefixed(),
        "8-byte length" to lengthPrefixed(Length.Binary(8), adjustment = -8, max = 500),
        "3-byte length" to lengthPrefixed(Length.Binary(3), offset = 2, strip = 0, max = 500),
        "varint length" to lengthPrefixed(Length.Varint, max = 500),
        "decimal length" to lengthPrefixed(Length.Decimal("\r\n"), trailer = ascii("\r\n")),
        "netstring" to netstring(max = 500),
        "RESP commands" to respCommands(),
        "RESP replies" to respReplies(),
        "written length" to lengthPrefixed(Length.Written(lines(integer(), LineEnd.CRLF)), max = 500),
        "then" to (int32() then strings),
        "repeat" to strings.repeat(uint8()),
        "repeat to the end" to strings.repeatToEnd(),
        "header and body" to uint16().body { fixed(it) },
        "limit" to strings.limit(40),
        "tagged" to tagged(uint8(), case(1, strings), case(2, int32())),
        "checksummed" to lengthPrefixed(bytes().checksummed()),
        "checksummed to the end" to bytes().checksummed(),
        "deflated" to lengthPrefixed(bytes().deflated(max = 2_000)),
        "JSON" to lines(serialized<Map<String, List<Int>>>(Json)),
        "CBOR" to lengthPrefixed(serialized<Map<String, List<Int>>>(Cbor)),
        "protobuf" to lengthPrefixed(serialized<Pair<Int, String>>(ProtoBuf), Length.Varint),
    )

@OptIn(ExperimentalSerializationApi::class)
private val valid: List<ByteString> =
    listOf(
        ascii("1234567"),
        ascii("line\n"),
        ascii("line\r\n"),
        ascii("zab"),
        ascii("5:hello,"),
        ascii("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
        ascii("get \"a\\x00b\" 'c'\r\n"),
        ascii("*3\r\n:1\r\n$-1\r\n*1\r\n+OK\r\n"),
        ascii("5\r\nhello\r\n"),
        lengthPrefixed().encode(zeros(40)),
        lengthPrefixed(Length.Binary(8), adjustment = -8, max = 500).encode(zeros(40)),
        strings.encode("hello, world"),
        (int32() then strings).encode(7 to "seven"),
        strings.repeat(uint8()).encode(listOf("a", "b", "")),
        uint16().body { fixed(it) }.encode(9 to zeros(9)),
        lengthPrefixed(bytes().checksummed()).encode(zeros(9)),
        lengthPrefixed(bytes().deflated(max = 2_000)).encode(zeros(1_500)),
        lines(serialized<Map<String, List<Int>>>(Json)).encode(mapOf("a" to listOf(1, 2))),
        lengthPrefixed(serialized<Map<String, List<Int>>>(Cbor)).encode(mapOf("a" to listOf(1, 2))),
        lengthPrefixed(serialized<Pair<Int, String>>(ProtoBuf), Length.Varint).encode(5 to "five"),
    )
