package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.runBlocking
import kotlinx.io.bytestring.ByteString
import socketeer.testing.allocated
import java.nio.ByteBuffer

/** What framing costs, counted: bytes looked at and bytes allocated, which don't depend on the machine's mood. */
class FramingCostTest : FunSpec({
    val lengths = listOf(Length.Binary(), Length.Binary(2), Length.Varint, Length.Decimal(":"))

    for (length in lengths) {
        test("$length: decoding allocates the messages and nothing else") {
            val codec = lengthPrefixed(length, max = 1_001)
            val messages = List(1_000) { letters(1 + it).encodeToByteArray() }
            val wire = ByteString(messages.map { codec.encode(ByteString(it)).toByteArray() }.reduce(ByteArray::plus))
            val taken = arrayOfNulls<ByteString>(messages.size)
            val frames = Frames(codec)

            fun decode() {
                frames.feed(wire)
                for (i in taken.indices) taken[i] = frames.next()
                frames.next()
            }

            fun copy() {
                for (i in taken.indices) messages[i].let { taken[i] = ByteString(it, 0, it.size) }
            }
            // Once for the classes that are loaded on the way.
            decode()
            taken.toList() shouldBe messages.map { ByteString(it) }
            copy()
            allocated { decode() } shouldBe allocated { copy() }
        }
    }

    val dripping =
        mapOf(
            "lines" to lines(bytes(), max = 1 shl 20),
            "CR LF lines" to lines(bytes(), LineEnd.CRLF, max = 1 shl 20),
            "four bytes of length" to lengthPrefixed(),
            "varint" to lengthPrefixed(Length.Varint),
            "netstring" to netstring(),
        )

    for ((name, codec) in dripping) {
        test("$name: a frame that comes byte by byte costs as much a byte at 1 MiB as at 64 KiB") {
            val few = drip(codec, 1 shl 16).looks
            val (many, memory) = drip(codec, 1 shl 20)
            many shouldBeLessThan 17 * few
            many shouldBeLessThan (3L shl 20)
            // The frame, and arrays of twice the size each time that one is full.
            memory shouldBeLessThan (6L shl 20)
        }
    }

    test("what is sent is written where the last send was") {
        memoryPair().first.use { near ->
            val strings = Swallowing(near).framed(netstring())
            val many = List(100) { zeros(100) }

            fun send() = runBlocking { strings.send(many) }
            send()
            allocated { send() } shouldBeLessThan 10_000
        }
    }
})

private data class Cost(val looks: Long, val memory: Long)

private fun drip(codec: Codec<ByteString>, size: Int): Cost {
    val wire = codec.encode(zeros(size)).toByteArray()
    val frames = Frames(codec)
    var frame: ByteString? = null
    val memory =
        allocated {
            for (i in wire.indices) {
                frames.feed(wire, i, i + 1)
                frame = frame ?: frames.next()
            }
        }
    frame?.size shouldBe size
    return Cost(frames.input.examined, memory)
}

private class Swallowing(connection: Connection) : Connection by connection {
    override suspend fun send(buffer: ByteBuffer) {
        buffer.position(buffer.limit())
    }
}
