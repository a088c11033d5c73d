package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.property.Arb
import io.kotest.property.arbitrary.string
import socketeer.testing.CodecLaw
import socketeer.testing.LawReport
import socketeer.testing.checkCodec
import socketeer.testing.codecLaws
import socketeer.testing.texts
import java.io.File

/** The README's framing of a user's own, with a bug in its decoder. */
private object ShortText : Codec<String> {
    override val maxBytes get() = 256
    override fun encode(value: String, output: Output) {
        val bytes = text(max = 255).encode(value)
        output.write(bytes.size)
        output.write(bytes)
    }
    override fun decoder() = Decoder { input ->
        val n = if (input.has(1)) input.readByte() else return@Decoder null
        if (input.has(n)) input.readText(n) else null
    }
}

/** The same without the bug: the length is looked at, and consumed with the text. */
private val mended =
    object : Codec<String> by ShortText {
        override fun decoder() = Decoder { input ->
            val n = if (input.has(1)) input[input.position].toInt() and 0xFF else return@Decoder null
            if (!input.has(1 + n)) return@Decoder null
            input.position++
            input.readText(n)
        }
    }

class OwnFramingTest : FunSpec({
    include(codecLaws("mended", mended, Arb.string(0..80)))

    test("what the README shows of the planted bug is what is printed: one letter, one cut, the byte") {
        val report = checkCodec(ShortText, texts(80), seed = 7, laws = listOf(CodecLaw.ROUND_TRIP))
        val readme = File("README.md").readText()
        readme shouldContain "println(checkCodec(ShortText, texts(80), seed = 7, laws = listOf(CodecLaw.ROUND_TRIP)))"
        readme shouldContain "```\n$report\n```"
        report.toString() shouldContain "bytes: [01 | 61]"
    }

    test("a broken law fails its test with the counterexample and the seed, and the seed repeats it") {
        fun broken(report: LawReport) = checkNotNull(shouldThrow<AssertionError> { report.orThrow() }.message)
        val first = broken(checkCodec(ShortText, texts(80)))
        val seed = Regex("seed: (-?\\d+), again with -Dsocketeer.seed=\\1").find(first)!!.groupValues[1].toLong()
        first shouldContain "law 1, round trip: BROKEN"
        broken(checkCodec(ShortText, texts(80), seed = seed)) shouldBe first
    }

    test("who has no Kotest can check the laws all the same") {
        val classes =
            File(Codec::class.java.protectionDomain.codeSource.location.toURI()).resolve("socketeer/testing")
        val needKotest =
            classes.listFiles()!!.filter { "io/kotest" in it.readText(Charsets.ISO_8859_1) }.map { it.name }
        needKotest.filterNot { it.startsWith("CodecLawTests") }.shouldBeEmpty()
    }
})
