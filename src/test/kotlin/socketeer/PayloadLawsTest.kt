package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.io.bytestring.ByteString
import kotlinx.serialization.ExperimentalSerializationApi
import kotlinx.serialization.builtins.ListSerializer
import kotlinx.serialization.builtins.MapSerializer
import kotlinx.serialization.builtins.PairSerializer
import kotlinx.serialization.builtins.serializer
import kotlinx.serialization.cbor.Cbor
import kotlinx.serialization.json.Json
import kotlinx.serialization.protobuf.ProtoBuf
import socketeer.testing.Claims
import socketeer.testing.byteStrings
import socketeer.testing.codecLaws
import socketeer.testing.ints
import socketeer.testing.texts
import socketeer.testing.values
import java.io.ByteArrayOutputStream
import java.util.zip.CRC32
import java.util.zip.DeflaterOutputStream

@OptIn(ExperimentalSerializationApi::class)
class PayloadLawsTest :
    FunSpec({
        val strings = lengthPrefixed(text(), Length.Varint, max = 800)
        val pairs = values { random -> ints().next(random).value to texts(100).next(random).value }
        val pair = PairSerializer(Int.serializer(), String.serializer())
        val free = Claims<Pair<Int, String>>(canonical = false)

        include(codecLaws("JSON lines", lines(serialized(Json, pair), max = 2_000), pairs, free))
        include(codecLaws("CBOR", lengthPrefixed(serialized(Cbor, pair)), pairs, free))
        include(codecLaws("delimited protobuf", lengthPrefixed(serialized(ProtoBuf, pair), Length.Varint), pairs, free))
        include(codecLaws("checksummed", strings.checksummed(), texts(100)))
        include(codecLaws("checksummed, to the end", text(800).checksummed(::CRC32), texts(100)))
        include(codecLaws("checksummed frame", lengthPrefixed(bytes().checksummed()), byteStrings(300)))
        include(
            codecLaws(
                "deflated",
                lengthPrefixed(bytes().deflated(500), max = 600),
                byteStrings(300),
                Claims(canonical = false),
            ),
        )
        include(codecLaws("deflated text", text().deflated(900), texts(200), Claims(canonical = false)))

        test("the reified form finds the serializer") {
            val codec = serialized<Map<String, List<Int>>>(Json)
            codec.encode(mapOf("a" to listOf(1))) shouldBe ascii("""{"a":[1]}""")
            codec.decode(ascii("""{"a":[1]}""")) shouldBe mapOf("a" to listOf(1))
            serialized(Cbor, MapSerializer(String.serializer(), ListSerializer(Int.serializer()))).maxBytes shouldBe
                DEFAULT_MAX_FRAME
        }

        test("JSON that isn't is malformed where it begins") {
            val codec = lines(serialized(Json, pair))
            val broken = shouldThrow<MalformedException> { codec.decode(ascii("{\"first\":1}\n")) }
            broken.position shouldBe 0
            broken.message shouldContain "kotlin.Pair expected"
        }

        test("a checksum that's wrong says which was expected and which is there") {
            val good = fixed(4).checksummed().encode(ascii("9999")).toByteArray()
            good[0] = 0
            val broken = shouldThrow<MalformedException> { fixed(4).checksummed().decode(ByteString(*good)) }
            broken.position shouldBe 4
            broken.message shouldContain Regex("checksum 0x[0-9a-f]{8} expected, 0x[0-9a-f]{8} is there, at byte 4")
        }

        test("CRC32C of 123456789 is 0xe3069283") {
            fixed(9).checksummed().encode(ascii("123456789")).substring(9) shouldBe
                ByteString(0xE3.toByte(), 0x06, 0x92.toByte(), 0x83.toByte())
        }

        test("a deflate bomb is refused at its limit, before it is expanded") {
            val bomb = ByteArrayOutputStream()
            DeflaterOutputStream(bomb).use { it.write(ByteArray(500_000)) }
            val codec = bytes().deflated(max = 1_000)
            val refused = shouldThrow<TooLargeException> { codec.decode(ByteString(*bomb.toByteArray())) }
            refused.message shouldContain "expands to <= 1000 bytes"
        }
    })
