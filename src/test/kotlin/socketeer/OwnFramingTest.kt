package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.property.Arb
import io.kotest.property.arbitrary.string
import socketeer.testing.CodecLaw
import socketeer.testing.checkCodec
import socketeer.testing.codecLaws
import socketeer.testing.texts
import java.io.File

/** A user's framing, as the README shows it: a byte with the length, then that many bytes of text. */
private class ShortText(private val atOnce: Boolean) : Codec<String> {
    override val maxBytes get() = 256

    override fun encode(value: String, output: Output) {
        val bytes = value.encodeToByteArray()
        require(bytes.size <= 255) { "length <= 255, was ${bytes.size}" }
        output.write(bytes.size)
        output.write(bytes)
    }

    override fun decoder() =
        Decoder { input ->
            if (!input.has(1)) return@Decoder null
            val n = if (atOnce) input[input.position].toInt() and 0xFF else input.readByte()
            if (!input.has(if (atOnce) 1 + n else n)) return@Decoder null // the bug: the length is consumed already
            if (atOnce) input.readByte()
            input.readText(n)
        }
}

class OwnFramingTest :
    FunSpec({
        include(codecLaws("short text", ShortText(atOnce = true), Arb.string(0..80)))

        test("the planted bug is found and shrunk to one letter and one cut") {
            val report = checkCodec(ShortText(atOnce = false), texts(80), seed = 7, laws = listOf(CodecLaw.ROUND_TRIP))
            report.toString() shouldBe
                """
                law 1, round trip: BROKEN
                  decoding gives back the frames that were encoded, for every split of their bytes
                  frames: ["a"]
                  bytes: [01 | 61]
                  decoded: BrokenException: the stream ended inside a frame at byte 0: have 2 bytes, need 3, then at byte 0
                seed: 7
                """.trimIndent()
        }

        test("who has no Kotest can check the laws all the same") {
            val classes = File(
                Codec::class.java.protectionDomain.codeSource.location.toURI(),
            ).resolve("socketeer/testing")
            val needKotest =
                classes.listFiles()!!.filter { "io/kotest" in it.readText(Charsets.ISO_8859_1) }.map { it.name }
            needKotest.filterNot { it.startsWith("CodecLawTests") }.shouldBeEmpty()
        }
    })
