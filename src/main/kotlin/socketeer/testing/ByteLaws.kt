package socketeer.testing

import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import socketeer.BrokenException
import socketeer.Connection
import socketeer.Direction
import java.nio.ByteBuffer

internal val byteLaws =
    theme("bytes") {
        law("1 MiB each way at once, then the end, equal") {
            val (a, b) = pair()
            val (there, back) = pattern(MIB, 1) to pattern(MIB, 2)
            val fromA = async { b.exactly(MIB) }
            val fromB = async { a.exactly(MIB) }
            launch { a.send(there) }
            b.send(back)
            same(fromA.await(), there, "a to b")
            same(fromB.await(), back, "b to a")
            a.close()
            same(b.recv(), null, "after close")
        }

        law("ping-pong to 1,000") {
            val (a, b) = pair()
            launch { repeat(1_000) { b.send(b.recvExactly(4)!!) } }
            repeat(1_000) {
                val ping = ByteBuffer.allocate(4).putInt(0, it)
                a.send(ping)
                same(a.exactly(4).let { pong -> ByteBuffer.wrap(pong).int }, it, "pong")
            }
        }

        law("sends of 0, 1, each power of two and one more and less arrive as they are") {
            val (a, b) = pair()
            val sizes = listOf(0) + (0..17).flatMap { listOf((1 shl it) - 1, 1 shl it, (1 shl it) + 1) }
            launch { sizes.forEach { a.send(ByteString(pattern(it, it))) } }
            sizes.forEach { same(b.exactly(it), pattern(it, it), "$it bytes") }
        }

        law("every form of send sends what remains, and no more") {
            val (a, b) = pair()
            val part = pattern(1_000).copyOfRange(10, 700)
            forms(pattern(1_000), 10, 700).forEach { buffer ->
                a.send(buffer)
                same(buffer.remaining(), 0, "left in the buffer")
                same(b.exactly(part.size), part, "$buffer")
            }
            a.send("naïve 漢字 🙂")
            same(b.exactly("naïve 漢字 🙂".encodeToByteArray().size).decodeToString(), "naïve 漢字 🙂", "text")
            a.send(part)
            same(b.exactly(part.size), part, "an array")
            same(a.sent, b.received, "sent and received")
        }

        law("a reader that takes one byte at a time gets them all") {
            val (a, b) = pair()
            val all = pattern(8_192)
            launch {
                a.send(all)
                a.close()
            }
            same(b.toEnd(max = 1), all, "one at a time")
        }

        law("recv(max) gives 1 to max bytes; a max below 1 is refused") {
            val (a, b) = pair()
            val all = pattern(200_000)
            launch { a.send(all) }
            var at = 0
            for (max in generateSequence(1) { it * 3 % 70_001 }) {
                if (at == all.size) break
                val got = b.recv(max)!!
                expect(got.size in 1..max) { "recv($max) gave ${got.size}" }
                same(got.toByteArray(), all.copyOfRange(at, at + got.size), "at $at")
                at += got.size
            }
            fails<IllegalArgumentException>("recv(0)") { b.recv(0) }
            fails<IllegalArgumentException>("recvExactly(-1)") { b.recvExactly(-1) }
            fails<IllegalArgumentException>("peek(-1)") { b.peek(-1) }
        }

        law("recvInto fills between position and limit, and nothing else") {
            val (a, b) = pair()
            for (buffer in listOf(
                ByteBuffer.allocate(64),
                ByteBuffer.allocateDirect(64),
                ByteBuffer.allocate(99).slice(9, 64),
            )) {
                a.send(pattern(100))
                buffer.limit(40).position(7)
                while (buffer.hasRemaining()) expect(b.recvInto(buffer) > 0) { "recvInto gave nothing" }
                same(b.recvInto(buffer), 0, "without room")
                val got = ByteArray(64) { buffer.get(it.coerceAtMost(39)) }.copyOf(40)
                same(got, ByteArray(7) + pattern(33), "in the buffer")
                buffer.limit(64)
                expect((40..63).all { buffer.get(it) == 0.toByte() }) { "written beyond the limit" }
                same(b.exactly(67), pattern(100).copyOfRange(33, 100), "the rest")
            }
        }

        law("recvExactly puts together what comes in pieces") {
            val (a, b) = pair()
            val all = pattern(MIB + 300)
            launch {
                all.asList().subList(0, 300).forEach {
                    a.send(byteArrayOf(it))
                    yield()
                }
                a.send(all.copyOfRange(300, all.size))
            }
            same(b.exactly(300), all.copyOf(300), "byte by byte")
            same(b.exactly(0), ByteArray(0), "none")
            same(b.exactly(MIB), all.copyOfRange(300, all.size), "1 MiB")
        }

        law("recvExactly: null before the first byte, Broken inside, with have and need; the bytes stay") {
            val (a, b) = pair()
            a.send("abc")
            a.close()
            val broken = fails<BrokenException>("inside") { b.recvExactly(7) }
            expect("3" in broken.message!! && "7" in broken.message!!) { "no have and need in: ${broken.message}" }
            same(b.exactly(3).decodeToString(), "abc", "what had come")
            same(b.recvExactly(7), null, "at the end")
        }

        law("every split of a message in two gives the message") {
            val (a, b) = pair()
            val message = pattern(60)
            for (at in 0..message.size) {
                val whole = begun { b.exactly(message.size) }
                a.send(message.copyOf(at))
                settle()
                a.send(message.copyOfRange(at, message.size))
                same(whole.await().getOrThrow(), message, "split at $at")
            }
        }

        law("peek leaves the bytes, waits for all, gives fewer only at the end") {
            val (a, b) = pair()
            a.send("ab")
            val peeked = begun { b.peek(4) }
            a.send("cd")
            same(peeked.await().getOrThrow()!!.toByteArray().decodeToString(), "abcd", "peek")
            same(b.peek(1)!!.toByteArray().decodeToString(), "a", "peek of less")
            same(b.recv(3)!!.toByteArray().decodeToString(), "abc", "recv after peek")
            a.close()
            same(b.peek(9)!!.toByteArray().decodeToString(), "d", "peek at the end")
            same(b.exactly(1).decodeToString(), "d", "the last")
            same(b.peek(9), null, "peek after the end")
        }

        law("peek sees further than any buffer holds") {
            val (a, b) = pair()
            val all = pattern(MIB)
            launch { a.send(all) }
            same(b.peek(MIB)!!.toByteArray(), all, "peeked")
            same(b.exactly(MIB), all, "received")
        }

        law("unread puts bytes back in front of everything, even after the end") {
            val (a, b) = pair()
            a.send("cdef")
            same(b.exactly(2).decodeToString(), "cd", "first")
            b.unread(ByteString("cd".encodeToByteArray()))
            b.unread(ByteString("ab".encodeToByteArray()))
            same(b.peek(3)!!.toByteArray().decodeToString(), "abc", "peek")
            same(b.exactly(6).decodeToString(), "abcdef", "all")
            a.close()
            same(b.recv(), null, "the end")
            b.unread(bytes(1))
            same(b.recv(), bytes(1), "after the end")
            same(b.recv(), null, "the end again")
        }

        law("sent and received count each byte once") {
            val (a, b) = pair()
            a.send(pattern(100))
            b.peek(100)
            same(b.received, 100, "after peek")
            b.unread(bytes(1, 2, 3))
            b.exactly(103)
            same(b.received, 100, "after unread and recv")
            same(a.sent, 100, "sent")
            same(b.sent + a.received, 0, "the other way")
        }

        law("the two ends know each other's addresses") {
            val (a, b) = pair()
            same(a.local.toString() to a.remote.toString(), b.remote.toString() to b.local.toString(), "addresses")
        }
    }

/** [all] from [from] to [to], in every kind of buffer. */
private fun forms(all: ByteArray, from: Int, to: Int): List<ByteBuffer> {
    val plain = ByteBuffer.wrap(all).limit(to).position(from)
    val direct = ByteBuffer.allocateDirect(all.size).put(all).limit(to).position(from)
    return listOf(plain.duplicate(), plain.slice(), plain.asReadOnlyBuffer(), direct, direct.duplicate().slice())
}

/** Sends [count] bytes and ends the stream. */
internal suspend fun Connection.sendAndEnd(all: ByteArray) {
    send(all)
    shutdown(Direction.WRITE)
}
