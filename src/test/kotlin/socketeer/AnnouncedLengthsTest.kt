package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.launch
import kotlinx.io.bytestring.ByteString
import socketeer.testing.allocated
import java.nio.ByteOrder

/** Lengths that somebody announces and never sends: no memory is taken for them. */
class AnnouncedLengthsTest :
    FunSpec({
        context("2^31 - 1, negative, 2^63: refused, or awaited, before anything of that size is allocated") {
            for ((name, codec, announcements) in framings) {
                test(name) {
                    for (announced in announcements) {
                        withClue(announced) {
                            // Once before it is measured: classes that are loaded on the way take more.
                            outcome(codec, announced) shouldBe "refused"
                            allocated { outcome(codec, announced) shouldBe "refused" } shouldBeLessThan ALLOWED
                        }
                    }
                }
            }
            test("RESP: 2^31 - 1 words are Redis's to await, and take no memory before they come") {
                allocated {
                    outcome(respCommands(), ascii("*2147483647\r\n$1\r\n")) shouldBe "awaited"
                } shouldBeLessThan ALLOWED
            }
        }

        test("$HOSTILE real connections that announce gigabytes don't move memory").config(
            enabledOrReasonIf = { allows(HOSTILE + 500) },
        ) {
            ChildJvm("socketeer.HostilePeersKt", "$HOSTILE", descriptors = HOSTILE + 500).use {
                it.rest() shouldBe "memory stayed where it was\n"
            }
        }

        test("a frame of 1 MiB that comes byte by byte costs linear work, by what is looked at and copied") {
            val frame = zeros(1 shl 20)
            val (near, far) = memoryPair()
            near.use {
                far.use {
                    val trickling =
                        object : Connection by near {
                            override suspend fun recv(max: Int) = near.recv(1)
                        }
                    val framing = trickling.framed(lengthPrefixed(max = 1 shl 20))
                    val sending = far.launch { far.framed(lengthPrefixed(max = 1 shl 20)).send(frame) }
                    framing.recv() shouldBe frame
                    sending.join()
                    // Once as the message; the four bytes of its length when each of them came.
                    framing.frames.input.examined shouldBeLessThan frame.size + 100L
                    // Once when it came, and twice for all the doublings together.
                    framing.frames.copied shouldBeLessThan 4L * frame.size
                }
            }
        }
    })

private const val HOSTILE = 10_000
private const val ALLOWED = 500_000L

private data class Announced(val name: String, val codec: Codec<*>, val bytes: List<ByteString>)

private fun outcome(codec: Codec<*>, bytes: ByteString): String {
    val frames = Frames(codec)
    frames.feed(bytes)
    return try {
        if (frames.next() == null) "awaited" else "a frame"
    } catch (_: FrameException) {
        "refused"
    }
}

private val texts = listOf("2147483647", "-1", "-2147483648", "9223372036854775808")

private fun binary(size: Int, order: ByteOrder): List<ByteString> =
    listOf(Int.MAX_VALUE.toLong(), -1L, Int.MIN_VALUE.toLong(), Long.MIN_VALUE, Long.MAX_VALUE)
        .filter { size == Long.SIZE_BYTES || it != Long.MIN_VALUE } // whose low four bytes are 0
        .map { length -> Output().also { it.writeNumber(length, size, order) }.toByteString() }

private val framings: List<Announced> =
    listOf(4, 8).flatMap { size ->
        listOf(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN).map { order ->
            Announced("$size bytes, $order", lengthPrefixed(Length.Binary(size, order)), binary(size, order))
        }
    } + listOf(
        Announced("three bytes", lengthPrefixed(Length.Binary(3)), listOf(ByteString(-1, -1, -1))),
        Announced("varint", lengthPrefixed(Length.Varint), varints),
        Announced("netstring", netstring(), texts.map { ascii("$it:") }),
        Announced("decimal", lengthPrefixed(Length.Decimal("\r\n")), texts.map { ascii("$it\r\n") }),
        Announced("written", lengthPrefixed(Length.Written(lines(integer()))), texts.map { ascii("$it\n") }),
        Announced("counted", uint8().repeat(int32()), binary(4, ByteOrder.BIG_ENDIAN)),
        Announced("header and body", int32().body { fixed(it) }, listOf(ascii("\u007F\u007F\u007F\u007F"))),
        Announced("RESP's words", respCommands(), texts.map { ascii("*1\r\n$$it\r\n") }),
        Announced("RESP's arrays", respCommands(), listOf(ascii("*2147483648\r\n"), ascii("*9223372036854775808\r\n"))),
        Announced("RESP's replies", respReplies(), (texts - "-1").map { ascii("$$it\r\n") }),
        Announced("RESP's lists", respReplies(), (texts - "-1").map { ascii("*$it\r\n") }),
    )

private val varints: List<ByteString>
    get() = listOf(Int.MAX_VALUE.toLong(), Long.MAX_VALUE).map { varint().encode(it) } +
        ByteString(*ByteArray(9) { -1 }, 1)

private fun allows(descriptors: Int): Enabled {
    val most = ProcessBuilder("sh", "-c", "ulimit -Hn").start().inputReader().readText().trim()
    val enough = most == "unlimited" || most.toInt() >= descriptors
    return if (enough) Enabled.enabled else Enabled.disabled("ulimit -Hn is $most, needs $descriptors")
}
