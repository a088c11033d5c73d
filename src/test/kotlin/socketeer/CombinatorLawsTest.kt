package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.property.Arb
import io.kotest.property.arbitrary.int
import io.kotest.property.arbitrary.string
import kotlinx.io.bytestring.ByteString
import socketeer.testing.Claims
import socketeer.testing.Values
import socketeer.testing.codecLaws
import socketeer.testing.ints
import socketeer.testing.lists
import socketeer.testing.map
import socketeer.testing.texts
import socketeer.testing.values

/** Every combinator that is shipped, a line each. */
class CombinatorLawsTest :
    FunSpec({
        val strings = lengthPrefixed(text(), Length.Varint, max = 800)
        val pairs = values { random -> ints().next(random).value to texts(150).next(random).value }
        val lists = texts(60).lists(8)
        val limited = limits("e".repeat(10), "e".repeat(11), strings)

        include(codecLaws("map", int32().map(Int::toString, ::decimal), ints().map { it.toString() }))
        include(codecLaws("map of an Arb", strings.map({ it.reversed() }, { it.reversed() }), Arb.string(0..200)))
        include(codecLaws("uint8 with an Arb", uint8(), Arb.int(0..255)))
        include(codecLaws("then", int32() then strings, pairs, refuses({ bytes() then int32() })))
        include(codecLaws("then, to the end", int32() then text(800), pairs))
        include(codecLaws("lines of then", lengthPrefixed(int32() then text(800)), pairs))
        include(codecLaws("after", strings.after(ascii("STR ")), texts(200)))
        include(codecLaws("before", strings.before(ascii(";")), texts(200), refuses({ text().before(ascii(";")) })))
        include(codecLaws("after padding", strings.after(padding(ascii("\u0000\u0000"))), texts(60), Claims(false)))
        include(codecLaws("before padding", strings.before(padding(ascii("--"))), texts(60), Claims(false)))
        include(codecLaws("refused as", lines(LineEnd.CRLF, 9).refusedAs("not a line", "too long"), texts(12)))
        include(codecLaws("one of two by the next byte", starred, texts(60), Claims(false)))
        include(codecLaws("limit", strings.limit(11), texts(12), limited))
        include(
            codecLaws("limit of the open", text().limit(10), texts(12), limits("e".repeat(10), "e".repeat(11), text())),
        )
        include(codecLaws("limit of lines", lines(LineEnd.CRLF).limit(11), texts(12)))
        include(
            codecLaws(
                "repeat",
                strings.repeat(3),
                texts(100).lists(4),
                refuses({
                    strings.repeat(-1)
                }, { text().repeat(2) }),
            ),
        )
        include(
            codecLaws(
                "repeat, counted",
                strings.repeat(uint8(), max = 7),
                lists,
                limits(seven, seven + "", wider(strings)),
            ),
        )
        include(codecLaws("repeat to the end", strings.repeatToEnd(), lists, refuses({ text().repeatToEnd() })))
        include(codecLaws("repeat in a frame", lengthPrefixed(strings.repeatToEnd()), lists))
        include(codecLaws("header and body", uint8().body { fixed(it) }, headed, refuses({ text().body { text() } })))
        include(
            codecLaws(
                "tagged",
                figures,
                anyFigure,
                refuses({
                    tagged<Int, Int>(uint8())
                }, { tagged(uint8(), circle, circle) }),
            ),
        )
    })

private val starred = lengthPrefixed(text(), Length.Varint, max = 800).after(ascii("*"))
    .ifNext('*'.code.toByte(), otherwise = lines(max = 800))

private val seven = List(7) { "" }

private fun wider(strings: Codec<String>) = strings.repeat(uint8())

private fun decimal(text: String) = text.toInt()

private val headed =
    values({ emptyList() }) { random -> random.nextInt(200).let { it to ByteString(*random.nextBytes(it)) } }

private sealed interface Figure

private data class Circle(val radius: Int) : Figure

private data class Label(val text: String) : Figure

private val circle = case(1, int32().map(::Circle, Circle::radius))
private val label = case(2, lengthPrefixed(text(), Length.Varint).map(::Label, Label::text))
private val figures: Codec<Figure> = tagged(uint8(), circle, label)
private val anyFigure: Values<Figure> =
    values({ emptyList() }) { if (it.nextBoolean()) Circle(it.nextInt()) else Label(texts(200).next(it).value) }
