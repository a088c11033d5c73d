package socketeer

import io.kotest.core.spec.style.FunSpec
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.encodeToByteString
import socketeer.testing.AtLimit
import socketeer.testing.Claims
import socketeer.testing.Values
import socketeer.testing.byteStrings
import socketeer.testing.codecLaws
import socketeer.testing.ints
import socketeer.testing.lists
import socketeer.testing.longs
import socketeer.testing.map
import socketeer.testing.texts
import socketeer.testing.values
import java.nio.ByteOrder
import kotlin.random.Random

/** Every framing that is shipped, a line each; the combinators are in [CombinatorLawsTest]. */
class FramingLawsTest :
    FunSpec({
        val bytes = byteStrings(300)
        val texts = texts(200)
        val netstringClaims = limits(zeros(300), zeros(301), netstring(), bad = { netstring(-1) })

        include(codecLaws("fixed", fixed(200), values { ByteString(*it.nextBytes(200)) }, refuses({ fixed(-1) })))
        include(codecLaws("bytes", bytes(300), bytes, limits(zeros(300), zeros(301), bytes(400), bad = { bytes(-1) })))
        include(codecLaws("text", text(800), texts, limits(letters(800), letters(801), text(), bad = { text(-1) })))
        include(codecLaws("constant", constant(ascii("magic")), ints().map { }, refuses({ constant(ByteString()) })))

        include(codecLaws("uint8", uint8(), ints(0..255)))
        include(codecLaws("uint16, little-endian", uint16(ByteOrder.LITTLE_ENDIAN), ints(0..65_535)))
        include(codecLaws("int32", int32(), ints()))
        include(codecLaws("int64, little-endian", int64(ByteOrder.LITTLE_ENDIAN), longs()))
        include(codecLaws("uint of 7 bytes", uint(7), longs(0 until (1L shl 56)), refuses({ uint(8) }, { uint(0) })))
        include(codecLaws("varint", varint(), longs(0..Long.MAX_VALUE)))
        include(
            codecLaws(
                "decimal",
                decimal("\r\n"),
                longs(0L..Int.MAX_VALUE),
                refuses({
                    decimal("")
                }, { decimal("!", -1) }),
            ),
        )

        include(codecLaws("integer", integer(), longs()))
        include(codecLaws("integer in a line", lines(integer(), LineEnd.CRLF), longs()))
        include(codecLaws("lines of C", cLines(bytes(), ascii("\n"), max = 300), plain(300), cLimits))
        include(codecLaws("lines of C, two bytes", cLines(integer(), ascii("\r\n"), max = 40), longs(), Claims(false)))
        include(codecLaws("RESP commands", respCommands(), byteStrings(60).lists(6), Claims(canonical = false)))
        include(codecLaws("RESP replies", respReplies(), replies))
        include(codecLaws("written length", dollars, bytes, limits(zeros(300), zeros(301), dollars(400))))

        include(codecLaws("lines", lines(max = 800), texts, lineLimits(800, canonical = false)))
        include(codecLaws("lines, short", lines(max = 9), texts(12), lineLimits(9, canonical = false)))
        include(codecLaws("lines, resync", lines(max = 9, resync = true), texts(12), lineLimits(9, canonical = false)))
        include(codecLaws("lines, the last open", lines(max = 800, lastMayBeOpen = true), texts, Claims(false, true)))
        include(codecLaws("CR LF lines", lines(LineEnd.CRLF, 800), texts, lineLimits(800)))
        include(
            codecLaws("CR LF lines, short, resync", lines(LineEnd.CRLF, 9, resync = true), texts(12), lineLimits(9)),
        )
        include(codecLaws("delimited", delimited(ByteString(0), 300), bytes, delimitedLimits(ascii("\u0000"))))
        include(codecLaws("delimited by aab", delimited(ascii("aab"), 300), bytes, delimitedLimits(ascii("aab"))))
        include(codecLaws("delimited by several", several, bytes, Claims(canonical = false)))
        include(codecLaws("delimited by several, resync", severalResync, byteStrings(12), Claims(canonical = false)))

        for (size in listOf(1, 2, 3, 4, 8)) {
            val length = Length.Binary(size, if (size % 2 == 0) ByteOrder.LITTLE_ENDIAN else ByteOrder.BIG_ENDIAN)
            val framing = lengthPrefixed(length, max = 200)
            include(
                codecLaws("$size-byte length", framing, bytes, limits(zeros(200), zeros(201), lengthPrefixed(length))),
            )
        }
        for (length in listOf(Length.Varint, Length.Decimal("\r\n"))) {
            val framing = lengthPrefixed(length, max = 300)
            include(codecLaws("$length", framing, bytes, limits(zeros(300), zeros(301), lengthPrefixed(length))))
            include(codecLaws("$length, text", lengthPrefixed(text(), length, max = 800), texts))
        }
        include(codecLaws("a payload of a smaller limit", lengthPrefixed(bytes(20), max = 99), byteStrings(40)))
        include(codecLaws("netstring", netstring(300), bytes, netstringClaims))
        include(
            codecLaws("length counts itself", lengthPrefixed(adjustment = -4, max = 300), bytes, refuses(*badLengths)),
        )
        include(
            codecLaws(
                "length behind two bytes",
                lengthPrefixed(Length.Binary(2), offset = 2, strip = 4),
                bytes,
                Claims(false),
            ),
        )
        include(codecLaws("more stripped than the length", lengthPrefixed(strip = 7), bytes, Claims(canonical = false)))
        include(codecLaws("nothing stripped", lengthPrefixed(Length.Binary(1), offset = 1, strip = 0), whole, Claims()))
    })

private val several = delimited(bytes(), listOf(ascii("a"), ascii("bc"), ascii("0a")), 300)
private val severalResync = delimited(bytes(), listOf(ascii("0a"), ascii("a"), ascii("bbc")), 9, resync = true)

private fun dollars(max: Int) = lengthPrefixed(Length.Written(lines(integer(), LineEnd.CRLF)), max = max)

private val dollars = dollars(300)

/** Bytes without a NUL or a line's end. */
private fun plain(size: Int) =
    byteStrings(size).map { bytes -> ByteString(*bytes.toByteArray().map(::plain).toByteArray()) }

private fun plain(byte: Byte): Byte = if (byte == 0.toByte() || byte == '\n'.code.toByte()) 1 else byte

private val cLimits = limits(ascii(letters(300)), ascii(letters(301)), cLines(bytes(), ascii("\n"), max = 400)) {
    cLines(bytes(), ByteString())
}

private val replies: Values<Resp> = values({ emptyList() }) { reply(it, depth = 2) }

private fun reply(random: Random, depth: Int): Resp {
    val bytes = byteStrings(120).next(random).value
    return when (random.nextInt(if (depth > 0) 7 else 5)) {
        0 -> Resp.Simple(ascii(letters(random.nextInt(9))))
        1 -> Resp.Failure(ascii("ERR no"))
        2 -> Resp.Number(random.nextLong())
        3 -> Resp.Bulk(null)
        4 -> Resp.Bulk(bytes)
        5 -> Resp.Many(null)
        else -> Resp.Many(List(random.nextInt(4)) { reply(random, depth - 1) })
    }
}

/** One byte of anything, the length of what follows, what follows. */
private val whole = byteStrings(100).map { ByteString(*byteArrayOf(7, it.size.toByte()) + it.toByteArray()) }

private val badLengths =
    arrayOf<() -> Codec<*>>(
        { lengthPrefixed(max = -1) },
        { lengthPrefixed(offset = -1) },
        { lengthPrefixed(Length.Binary(1), max = 256) },
        { lengthPrefixed(Length.Binary(5)) },
        { lengthPrefixed(adjustment = 11, max = 10) },
        { lengthPrefixed(strip = 2) },
        { lengthPrefixed(strip = -1) },
        { lengthPrefixed(strip = 15, max = 10) },
        { lengthPrefixed(max = Int.MAX_VALUE) },
        { lengthPrefixed(Length.Varint, offset = 1) },
        { Length.Decimal("") as Any as Codec<*> },
        { Length.Decimal("1") as Any as Codec<*> },
    )

internal fun ascii(text: String): ByteString = text.encodeToByteString()

internal fun zeros(n: Int): ByteString = ByteString(*ByteArray(n))

internal fun letters(n: Int): String = "e".repeat(n)

internal fun <T : Any> refuses(vararg bad: () -> Codec<*>): Claims<T> = Claims(misconfigured = bad.toList())

internal fun <T : Any> limits(
    accepted: T,
    refused: T,
    wider: Codec<T>,
    canonical: Boolean = true,
    bad: (() -> Codec<*>)? = null,
): Claims<T> = Claims(canonical, atLimit = AtLimit(accepted, refused, wider), misconfigured = listOfNotNull(bad))

private fun lineLimits(max: Int, canonical: Boolean = true): Claims<String> {
    val wider = if (canonical) lines(LineEnd.CRLF) else lines()
    return limits(letters(max), letters(max + 1), wider, canonical) { lines(max = -1) }
}

private fun delimitedLimits(delimiter: ByteString): Claims<ByteString> =
    Claims(
        atLimit = AtLimit(ascii(letters(300)), ascii(letters(301)), delimited(delimiter)),
        misconfigured =
        listOf(
            { delimited(delimiter, -1) },
            { delimited(ByteString()) },
            { delimited(bytes(), emptyList()) },
            { delimited(bytes(), listOf(ascii("x"), ascii("axb"))) },
            { delimited(bytes(), listOf(ascii("x"), ascii("x"))) },
            { delimited(delimiter, Int.MAX_VALUE) },
        ),
    )
