package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.io.bytestring.ByteString
import socketeer.testing.allocated
import socketeer.testing.chunks
import socketeer.testing.splits
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** What well-known decoders got wrong, one test a failure. */
class KnownFailuresTest :
    FunSpec({
        fun <T : Any> decode(codec: Codec<T>, chunks: List<ByteString>, end: Boolean = true): List<T> {
            val frames = Frames(codec)
            val decoded = ArrayList<T>()
            for (chunk in chunks) {
                frames.feed(chunk)
                while (true) decoded += frames.next() ?: break
            }
            if (end) frames.end()
            while (end) decoded += frames.next() ?: break
            return decoded
        }

        fun decodesAlike(codec: Codec<String>, bytes: String, vararg frames: String) =
            splits(ascii(bytes)).forEach { decode(codec, it) shouldBe frames.toList() }

        test("netty/netty #17549: a varint prefix cut after three bytes gives no frames, then an error") {
            val codec = lengthPrefixed(Length.Varint)
            val cut = ByteString(0x80.toByte(), 0x80.toByte(), 0x80.toByte())
            decode(codec, listOf(cut), end = false) shouldBe emptyList()
            shouldThrow<BrokenException> { decode(codec, listOf(cut)) }.message shouldContain "have 3 bytes, need 4"
        }

        test("agronholm/anyio pull 1340: a limit is kept alike whatever the chunks") {
            decodesAlike(lines(max = 4), "1234\r\n1234\n", "1234", "1234")
            for (chunks in splits(ascii("12345\r\n1\n"))) {
                shouldThrow<TooLargeException> { decode(lines(max = 4), chunks) }.position shouldBe 4
            }
        }

        test("Netty's line decoder: a frame of exactly the limit passes when CR and LF come apart") {
            for (end in LineEnd.entries) {
                decode(lines(end, max = 4), listOf(ascii("1234\r"), ascii("\n"))) shouldBe listOf("1234")
            }
        }

        test("netty/netty #13088: CR LF that comes apart gives no extra empty frame") {
            decodesAlike(lines(), "request\r\n", "request")
            decodesAlike(lines(LineEnd.CRLF), "request\r\n", "request")
            // CR, LF and CR LF together can't be told apart without waiting for a byte more: refused when built.
            shouldThrow<IllegalArgumentException> { delimited(bytes(), listOf("\r", "\n", "\r\n").map(::ascii)) }
        }

        test("Netty's length-field decoder: no frame is parsed with a stale length after an error") {
            val frames = Frames(lengthPrefixed(max = 3))
            frames.feed(ByteString(0, 0, 0, 1, 7, 0, 0, 0, 9, 0, 0, 0, 1, 7))
            frames.next() shouldBe ByteString(7)
            repeat(3) { shouldThrow<TooLargeException> { frames.next() }.position shouldBe 5 }
        }

        test(
            "netty/netty #1798: a frame too large that has wholly come is refused for that, not with another exception",
        ) {
            val refused =
                shouldThrow<TooLargeException> {
                    decode(lengthPrefixed(max = 3), listOf(zeros(3), ascii("\u0004abcd")))
                }
            refused.message shouldBe "length <= 3, was 4, at byte 0"
        }

        test("netty/netty #1288: behind a line that was discarded the limit is kept as before") {
            val frames = Frames(lines(max = 3, resync = true))
            frames.feed(ascii("12345678\nabc\nabcd\nxyz\n"))
            shouldThrow<TooLargeException> { frames.next() }.position shouldBe 3
            frames.next() shouldBe "abc"
            shouldThrow<TooLargeException> { frames.next() }.position shouldBe 16
            frames.next() shouldBe "xyz"
        }

        test("netty/netty #8256: a negative adjusted length is an error, and no loop over the same bytes") {
            val frames = Frames(lengthPrefixed(adjustment = -4))
            frames.feed(ByteString(0, 0, 0, 3, 1, 1, 1, 1, 1))
            repeat(2) {
                shouldThrow<MalformedException> { frames.next() }.message shouldBe
                    "length >= 4 expected, 3 is there, at byte 0"
            }
        }

        test("akka/akka-core #22367: negative and enormous lengths are refused at once, never looped on") {
            for (order in listOf(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
                for (announced in listOf(-1L, Int.MIN_VALUE.toLong(), 0xFFFF_FFFFL, Int.MAX_VALUE.toLong())) {
                    shouldThrow<TooLargeException> {
                        decode(lengthPrefixed(Length.Binary(4, order)), listOf(number(announced, 4, order)))
                    }
                }
                for (announced in listOf(
                    -1L,
                    Long.MIN_VALUE,
                    Long.MAX_VALUE,
                    Long.MAX_VALUE - 3,
                    Int.MIN_VALUE.toLong(),
                )) {
                    for (adjustment in listOf(0, -8, 8)) {
                        val codec = lengthPrefixed(Length.Binary(8, order), adjustment = adjustment)
                        shouldThrow<TooLargeException> { decode(codec, listOf(number(announced, 8, order))) }
                    }
                }
            }
            for (text in listOf("-1:", "2147483647:", "9223372036854775808:", "99999999999999999999")) {
                shouldThrow<SocketeerException> { decode(netstring(), listOf(ascii(text))) }
            }
        }

        test("tokio-rs/tokio #5080: a length isn't cut to sixteen bits while encoding") {
            val codec = lengthPrefixed(Length.Binary(2))
            shouldThrow<TooLargeException> { codec.encode(zeros(65_536 + 5)) }.message shouldBe
                "length <= 65535 bytes, was 65541"
            codec.decode(codec.encode(zeros(65_535))).size shouldBe 65_535
        }

        test("CVE-2026-45416: nine bytes don't allocate what they announce") {
            val frames = Frames(lengthPrefixed(Length.Binary(8), max = 1 shl 24))
            val hostile = ByteString(0, 0, 0, 0, 1, 0, 0, 0, 9) // 16 MiB, and the first byte of them
            allocated {
                frames.feed(hostile)
                frames.next() shouldBe null
            } shouldBeLessThan 1_000_000
        }

        test("ten thousand streams with enormous announcements take no memory to speak of") {
            val announced = ByteString(0, 15, -1, -1, 1)
            val streams = ArrayList<Frames<ByteString>>(10_000)
            allocated {
                repeat(10_000) {
                    val frames = Frames(lengthPrefixed())
                    frames.feed(announced)
                    frames.next() shouldBe null
                    streams += frames
                }
            } shouldBeLessThan 10_000L * 2_000
            streams.sumOf { it.held.toLong() } shouldBeLessThan 10_000L * 100
        }

        test("CVE-2026-44248: what has been searched isn't searched again before the limit is checked") {
            val frames = Frames(lines(max = 100_000))
            repeat(100_000) {
                frames.feed(byteArrayOf(97))
                frames.next()
            }
            frames.input.examined shouldBe 100_000
            frames.feed(byteArrayOf(97))
            shouldThrow<TooLargeException> { frames.next() }.position shouldBe 100_000
        }

        test("CVE-2026-42583: what a compressed frame expands to is limited, not what it says it does") {
            val bomb = lengthPrefixed(bytes().deflated(max = 1 shl 20)).encode(zeros(1 shl 20))
            val guarded = lengthPrefixed(bytes().deflated(max = 1_000, maxBytes = 10_000))
            allocated { shouldThrow<TooLargeException> { guarded.decode(bomb) } } shouldBeLessThan 1_000_000
        }

        test("CVE-2026-42587: the limit holds for every way to write a length") {
            for (length in listOf(
                Length.Binary(1),
                Length.Binary(4),
                Length.Binary(8),
                Length.Varint,
                Length.Decimal(),
            )) {
                val tooMuch = lengthPrefixed(length, max = 101).encode(zeros(101))
                val refused =
                    shouldThrow<TooLargeException> { decode(lengthPrefixed(length, max = 100), listOf(tooMuch)) }
                refused.message shouldContain "length <= 100, was 101"
            }
        }

        test("CVE-2026-33871: empty frames don't get past all limits") {
            for (codec in listOf(lengthPrefixed(), netstring(), delimited(ascii("\n")))) {
                val frames = Frames(codec, maxEmpty = 1_000)
                val empty = codec.encode(ByteString())
                repeat(1_000) {
                    frames.feed(empty)
                    frames.next() shouldBe ByteString()
                }
                frames.feed(empty)
                shouldThrow<MalformedException> { frames.next() }.message shouldContain
                    "empty frames in a row <= 1000, was 1001"
            }
        }

        test("frames with content in between start the count of empty ones again") {
            val frames = Frames(lines(), maxEmpty = 2)
            frames.feed(ascii("\n\nx\n\n\n\n"))
            List(5) { frames.next() } shouldBe listOf("", "", "x", "", "")
            shouldThrow<MalformedException> { frames.next() }
        }

        test("CVE-2023-51747: a bare LF, or a bare CR, isn't taken for CR LF") {
            for ((bytes, position) in listOf("a\nb\r\n" to 1L, "ab\rc\r\n" to 2L, "\r\r\n" to 0L, "\n" to 0L)) {
                for (chunks in splits(ascii(bytes))) {
                    shouldThrow<MalformedException> { decode(lines(LineEnd.CRLF), chunks) }.position shouldBe position
                }
            }
            shouldThrow<IllegalArgumentException> { lines(LineEnd.CRLF).encode("a\nb") }
            shouldThrow<IllegalArgumentException> { lines(LineEnd.CRLF).encode("a\r") }
        }

        test("CVE-2023-51747: resynchronising doesn't take what follows a bare LF for a line") {
            val frames = Frames(lines(LineEnd.CRLF, resync = true))
            frames.feed(ascii("a\nsmuggled\r\nnext\r\n"))
            shouldThrow<MalformedException> { frames.next() }.position shouldBe 1
            frames.next() shouldBe "next"
        }

        test("ktorio/ktor pull 5766: UTF-8 cut anywhere is the same text") {
            val text = "a€😀ß\n漢\uFEFF\n"
            val bytes = ByteString(*text.encodeToByteArray())
            splits(bytes).forEach { decode(lines(), it) shouldBe listOf("a€😀ß", "漢\uFEFF") }
        }

        test("ktorio/ktor pull 5766: a last line of exactly the limit without an end isn't lost") {
            val codec = lines(max = 3, lastMayBeOpen = true)
            decodesAlike(codec, "abc", "abc")
            decodesAlike(codec, "ab\nabc", "ab", "abc")
            for (chunks in splits(ascii("abcd"))) shouldThrow<TooLargeException> { decode(codec, chunks) }
        }

        test("ktorio/ktor pull 5766: what is too long or isn't UTF-8 is an error, not something shorter") {
            shouldThrow<TooLargeException> { decode(lines(max = 3), listOf(ascii("abcd\n"))) }.position shouldBe 3
            for ((bytes, position) in notUtf8) {
                val line = ByteString(*bytes.map { it.toByte() }.toByteArray(), '\n'.code.toByte())
                splits(line).forEach { chunks ->
                    shouldThrow<MalformedException> { decode(lines(), chunks) }.position shouldBe position
                }
            }
            shouldThrow<IllegalArgumentException> { text().encode("a\uD800b") }
            shouldThrow<IllegalArgumentException> { text().encode("\uDC00") }
        }

        test("ztellman/gloss: the last frame isn't lost when the stream closes") {
            decodesAlike(lengthPrefixed(text(), Length.Binary(1)), "\u0003abc\u0000", "abc", "")
            decodesAlike(text(), "all of it", "all of it")
            decodesAlike(lines(), "a\nb\n", "a", "b")
        }

        test("ztellman/gloss: a buffer with a non-zero position is read from there") {
            val buffer = ByteBuffer.wrap(byteArrayOf(9, 9, 0, 0, 0, 1, 42, 9)).position(2).limit(7) as ByteBuffer
            val frames = Frames(lengthPrefixed())
            frames.feed(buffer)
            frames.next() shouldBe ByteString(42)
            frames.buffered shouldBe 0
            buffer.remaining() shouldBe 0
            val direct = ByteBuffer.allocateDirect(4).put(byteArrayOf(8, 1, 42, 8)).position(1).limit(3) as ByteBuffer
            val one = Frames(lengthPrefixed(Length.Binary(1)))
            one.feed(direct.slice())
            one.next() shouldBe ByteString(42)
        }

        test("chunks give all bytes whatever the cuts") {
            chunks(ascii("abc"), listOf(0, 1, 1, 7)) shouldBe listOf("", "a", "", "bc").map(::ascii)
        }
    })

private fun number(value: Long, size: Int, order: ByteOrder) =
    Output().also { it.writeNumber(value, size, order) }.toByteString()

/** Bytes that aren't UTF-8, and the index of the first that shows it. */
private val notUtf8 =
    listOf(
        listOf(0x61, 0x80) to 1L,
        listOf(0xC0, 0x80) to 0L,
        listOf(0xC3, 0x28) to 1L,
        listOf(0xE0, 0x80, 0x80) to 1L,
        listOf(0xED, 0xA0, 0x80) to 1L,
        listOf(0xF5, 0x80, 0x80, 0x80) to 0L,
        listOf(0xF4, 0x90, 0x80, 0x80) to 1L,
        listOf(0x61, 0xE2, 0x82) to 1L,
        listOf(0xEF, 0xBF, 0xBD, 0xFF) to 3L,
    )
