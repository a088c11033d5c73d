package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.io.bytestring.ByteString
import socketeer.testing.AtLimit
import socketeer.testing.Claims
import socketeer.testing.CodecLaw
import socketeer.testing.CodecLaw.BOUNDED_MEMORY
import socketeer.testing.CodecLaw.CONFIGURATION
import socketeer.testing.CodecLaw.END_OF_INPUT
import socketeer.testing.CodecLaw.ERRORS_END
import socketeer.testing.CodecLaw.EXACT_LIMITS
import socketeer.testing.CodecLaw.LINEAR_WORK
import socketeer.testing.CodecLaw.NO_OVER_READ
import socketeer.testing.CodecLaw.NO_UNDER_DELIVERY
import socketeer.testing.CodecLaw.REFUSED_ALIKE
import socketeer.testing.CodecLaw.ROUND_TRIP
import socketeer.testing.CodecLaw.SAME_OUTCOME
import socketeer.testing.CodecLaw.UNIQUE
import socketeer.testing.Values
import socketeer.testing.byteStrings
import socketeer.testing.checkCodec
import socketeer.testing.ints
import socketeer.testing.longs
import socketeer.testing.texts
import java.nio.ByteOrder

/** For each law a codec with one bug, which this law catches and no other does. */
class BrokenCodecsTest :
    FunSpec({
        fun <T : Any> caught(
            law: CodecLaw,
            codec: Codec<T>,
            values: Values<T>,
            claims: Claims<T> = Claims(),
            cases: Int = 300,
        ) {
            checkCodec(codec, values, claims, cases, seed = 20_260_101).broken shouldBe listOf(law)
        }

        val free = Claims<ByteString>(canonical = false)
        val bytes = byteStrings(100)

        test("1: encodes one byte order and decodes the other") {
            caught(
                ROUND_TRIP,
                broken(int32()) {
                    int32(ByteOrder.LITTLE_ENDIAN).decoder()
                },
                ints(),
                Claims(canonical = false),
            )
        }

        test("2: checks the limit only of a line that came in pieces") {
            val codec = broken(delimited(ByteString(0), 10), maxBytes = 1_000) { LimitOfPieces(10) }
            caught(SAME_OUTCOME, codec, byteStrings(10), free, cases = 2_000)
        }

        test("3: takes a byte of what follows, if it is there and no length") {
            val report = checkCodec(broken(oneByteLength(100)) { Greedy() }, bytes, free, seed = 1)
            // What it takes depends on what has come already, so the law of the same outcome sees it as well.
            report.broken shouldBe listOf(SAME_OUTCOME, NO_OVER_READ)
        }

        test("4: waits for the next frame's first byte") {
            caught(NO_UNDER_DELIVERY, broken(oneByteLength(200)) { Hesitant() }, bytes)
        }

        test("5: makes room for what is announced, sixteen million bytes for four") {
            caught(BOUNDED_MEMORY, broken(lengthPrefixed(max = 1 shl 24)) { Trusting() }, bytes)
        }

        test("6: searches the line again from its start with each byte") {
            caught(LINEAR_WORK, broken(delimited(ByteString(0), 300)) { Forgetful() }, byteStrings(300))
        }

        test("7: counts the delimiter") {
            val limit = AtLimit(ascii(letters(100)), ascii(letters(101)), delimited(ByteString(0)))
            val codec = broken(delimited(ByteString(0), 100)) { delimited(ByteString(0), 99).decoder() }
            caught(EXACT_LIMITS, codec, byteStrings(50), Claims(atLimit = limit))
        }

        test("7: awaits the body of a frame that is too large") {
            val limit = AtLimit(zeros(100), zeros(101), oneByteLength(200))
            val codec = broken(oneByteLength(100), maxBytes = 1_000) { Late() }
            caught(EXACT_LIMITS, codec, bytes, Claims(atLimit = limit))
        }

        test("8: goes on after an error with the length that was refused") {
            val limit = AtLimit(zeros(100), zeros(101), oneByteLength(200))
            caught(ERRORS_END, broken(oneByteLength(100)) { Stale() }, bytes, Claims(atLimit = limit))
        }

        test("8: has one decoder for all streams") {
            val shared = oneByteLength(100).decoder()
            checkCodec(
                broken(oneByteLength(100)) {
                    shared
                },
                bytes,
                seed = 1,
                laws = listOf(ERRORS_END),
            ).broken shouldBe
                listOf(ERRORS_END)
        }

        test("8: delivers frames for ever without taking a byte") {
            val endless = broken(oneByteLength(100)) { Decoder { if (it.has(2)) zeros(1) else null } }
            val report = checkCodec(endless, byteStrings(1), seed = 1, laws = listOf(ERRORS_END, REFUSED_ALIKE))
            report.broken.isEmpty() shouldBe false
        }

        test("9: takes what there is for the frame when the stream ends inside") {
            caught(END_OF_INPUT, broken(oneByteLength(100)) { Lossy() }, bytes, free)
        }

        test("10: encodes the delimiter as if it were content") {
            caught(REFUSED_ALIKE, Unescaped, bytes)
        }

        test("11: takes any limit") {
            val claims = Claims<ByteString>(misconfigured = listOf({ oneByteLength(100).also { Late(max = -1) } }))
            caught(CONFIGURATION, oneByteLength(100), bytes, claims)
        }

        test("12: takes longer forms of a number") {
            caught(UNIQUE, broken(varint()) { Overlong() }, longs(0..Long.MAX_VALUE))
        }

        test("what is printed has the frames, the bytes with their cuts, both outcomes and the seed, all shrunk") {
            val codec = broken(lines(LineEnd.CRLF)) { PerChunkText() }
            val report = checkCodec(codec, texts(40), seed = 3, laws = listOf(ROUND_TRIP))
            report.broken shouldBe listOf(ROUND_TRIP)
            val shown = report.toString()
            shown shouldContain "law 1, round trip: BROKEN"
            shown shouldContain Regex("""bytes: \[[0-9a-f]{2} \| ([0-9a-f]{2} ){1,3}0d 0a]""")
            shown shouldContain "seed: 3, again with -Dsocketeer.seed=3"
        }
    })

private fun oneByteLength(max: Int) = lengthPrefixed(Length.Binary(1), max = max)

private fun <T : Any> broken(codec: Codec<T>, maxBytes: Int = codec.maxBytes, decoder: () -> Decoder<T>): Codec<T> =
    object : Codec<T> by codec {
        override val maxBytes = maxBytes

        override fun decoder() = decoder()
    }

private class LimitOfPieces(private val max: Int) : Decoder<ByteString> {
    private var searched = 0

    override fun decode(input: Input): ByteString? {
        val end = input.indexOf(0, searched)
        if (end < 0 && input.size > max) input.tooLarge("line <= $max", max)
        searched = if (end < 0) input.size else 0
        return if (end < 0) null else input.readBytes(end).also { input.readByte() }
    }
}

private class Greedy : Decoder<ByteString> {
    private val honest = oneByteLength(100).decoder()

    override fun decode(input: Input): ByteString? {
        val frame = honest.decode(input) ?: return null
        if (input.remaining > 0 && (input[input.position].toInt() and 0xFF) > 100) input.position++
        return frame
    }
}

private class Hesitant : Decoder<ByteString> {
    private val honest = oneByteLength(200).decoder()

    override fun decode(input: Input): ByteString? =
        if (!input.ended && input.size == 1 + (input[0].toInt() and 0xFF)) null else honest.decode(input)
}

private class Trusting : Decoder<ByteString> {
    private var body: ByteArray? = null

    override fun decode(input: Input): ByteString? {
        if (body == null && !input.has(4)) return null
        val array =
            body ?: run {
                val n = input.readNumber(4)
                if (n > 1 shl 24) input.tooLarge("length", 0)
                ByteArray(n.toInt()).also { body = it }
            }
        if (!input.has(array.size)) return null
        body = null
        return input.readBytes(array.size)
    }
}

private class Forgetful : Decoder<ByteString> {
    override fun decode(input: Input): ByteString? {
        val end = input.indexOf(0)
        if (end > 300 || (end < 0 && input.size > 300)) input.tooLarge("line <= 300", 300)
        return if (end < 0) null else input.readBytes(end).also { input.readByte() }
    }
}

private class Late(private val max: Int = 100) : Decoder<ByteString> {
    override fun decode(input: Input): ByteString? {
        if (!input.has(1)) return null
        val n = input[input.position].toInt() and 0xFF
        if (!input.has(1 + n)) return null
        if (n > max) input.tooLarge("length <= 100", 0)
        input.readByte()
        return input.readBytes(n)
    }
}

private class Stale : Decoder<ByteString> {
    private var pending = -1
    override val resumes get() = true

    override fun decode(input: Input): ByteString? {
        if (pending < 0) {
            if (!input.has(1)) return null
            pending = input.readByte()
            if (pending > 100) input.tooLarge("length <= 100", 0)
        }
        if (!input.has(pending)) return null
        return input.readBytes(pending).also { pending = -1 }
    }
}

private class Lossy : Decoder<ByteString> {
    private val honest = oneByteLength(100).decoder()

    override fun decode(input: Input): ByteString? =
        honest.decode(input) ?: if (input.ended && input.size > 0) input.readBytes(input.remaining) else null
}

private object Unescaped : Codec<ByteString> {
    override val maxBytes get() = 301

    override fun encode(value: ByteString, output: Output) {
        output.write(value)
        output.write(0)
    }

    override fun decoder() = delimited(ByteString(0), 300).decoder()
}

private class Overlong : Decoder<Long> {
    override fun decode(input: Input): Long? {
        var number = 0L
        for (i in 0 until MAX_VARINT) {
            if (!input.has(i + 1)) return null
            val byte = input[i].toLong()
            number = number or ((byte and 0x7F) shl 7 * i)
            if (byte >= 0) return number.also { input.position = i + 1 }
        }
        input.malformed("a varint", 0)
    }
}

/** Decodes UTF-8 chunk by chunk, as if no character could be cut. */
private class PerChunkText : Decoder<String> {
    private val text = StringBuilder()

    override fun decode(input: Input): String? {
        while (input.remaining > 0) {
            val from = input.position
            val end = input.indexOf('\n'.code.toByte())
            val to = if (end < 0) input.size else end
            text.append(String(input.readBytes(to - from).toByteArray(), Charsets.UTF_8))
            if (end < 0) break
            input.readByte()
            return text.toString().removeSuffix("\r").also { text.clear() }
        }
        return null
    }
}
