package socketeer.testing

import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import socketeer.BrokenException
import socketeer.Connection
import socketeer.Direction
import socketeer.testing.Ability.HALF_CLOSE
import socketeer.testing.Ability.LISTENING
import socketeer.testing.Ability.RESET
import java.io.ByteArrayOutputStream
import java.nio.ByteBuffer

internal val cancellationLaws =
    theme("cancellation") {
        law("recv cancelled at every point loses no byte and works again") {
            keepsEveryByte { into -> recv(PIECES)?.let { into.writeBytes(it.toByteArray()) } }
        }

        law("recvExactly cancelled at every point loses no byte and works again") {
            keepsEveryByte { into -> recvExactly(PIECES)?.let { into.writeBytes(it.toByteArray()) } }
        }

        law("peek cancelled at every point loses no byte and works again") {
            keepsEveryByte { _ -> peek(PIECES) }
        }

        law("recvInto cancelled at every point loses no byte and works again") {
            keepsEveryByte { into ->
                val buffer = ByteBuffer.allocate(PIECES)
                try {
                    recvInto(buffer)
                } finally {
                    // What is in the buffer has been received, cancelled or not.
                    into.write(buffer.array(), 0, buffer.position())
                }
            }
        }

        law("the buffer of a cancelled recvInto is never written again") {
            val (a, b) = pair()
            for (buffer in listOf(ByteBuffer.allocate(100), ByteBuffer.allocateDirect(100))) {
                val waiting = launch { b.recvInto(buffer) }
                settle()
                waiting.cancelAndJoin()
                a.send(pattern(50))
                same(b.exactly(50), pattern(50), "received by another call")
                same(buffer.position(), 0, "position of the cancelled call's buffer")
                expect((0..99).all { buffer.get(it) == 0.toByte() }) { "the cancelled call's buffer was written" }
            }
        }

        law("a send cancelled at every point says how much went") {
            cutEverywhere { cut ->
                val (a, b) = pair()
                val buffer = ByteBuffer.wrap(pattern(SENT))
                val coming = async { b.toEnd() }
                cut.play { a.send(buffer) }
                same(buffer.position().toLong(), a.sent, "position and sent")
                a.send(buffer)
                a.close()
                same(coming.await(), pattern(SENT), "what arrived")
                b.close()
            }
        }

        law("each form of send cancelled at every point says how much went") {
            for (bytes in listOf(false, true)) {
                cutEverywhere { cut ->
                    val (a, b) = pair()
                    val all = pattern(SENT)
                    val coming = async { b.toEnd() }
                    cut.play { if (bytes) a.send(ByteString(all)) else a.send(all) }
                    a.send(all.copyOfRange(a.sent.toInt(), SENT))
                    a.close()
                    same(coming.await(), all, "what arrived")
                    b.close()
                }
            }
        }

        law("accept cancelled at every point keeps or ends what came, and works again", LISTENING) {
            val listener = listener()
            cutEverywhere { cut ->
                val accepted = ArrayList<Connection>()
                lateinit var first: Connection
                cut.play({ first = network().connect(listener.local).alsoEnds() }) {
                    accepted += listener.accept()
                }
                first.send("1")
                val second = network().connect(listener.local).alsoEnds()
                second.send("2")
                while (accepted.none { it.greeting() == "2" }) accepted += listener.accept()
                if (accepted.none { it.greeting() == "1" }) first.hasEnded()
                (accepted + first + second).forEach { it.close() }
            }
        }

        law("connect cancelled at every point leaves nothing, and works again", LISTENING) {
            val listener = listener()
            val accepting = launch { while (true) listener.accept().let { launch { it.toEndAndClose() } } }
            cutEverywhere { cut ->
                lateinit var made: Connection
                var done = false
                cut.play {
                    made = network().connect(listener.local).alsoEnds()
                    done = true
                }
                if (done) made.close()
                val again = network().connect(listener.local).alsoEnds()
                again.send("x")
                again.close()
            }
            accepting.cancelAndJoin()
        }

        law("close cancelled at every point closes") {
            cutEverywhere { cut ->
                val (a, b) = pair()
                a.send("x")
                cut.play { a.close() }
                a.close()
                same(b.toEnd().decodeToString(), "x", "what was sent before")
                expect(!a.isOpen) { "open after close" }
                b.close()
            }
        }

        law("abort cancelled at every point aborts", RESET) {
            cutEverywhere { cut ->
                val (a, b) = pair()
                cut.play { a.abort() }
                a.abort()
                fails<BrokenException>("recv") { b.recv() }
                b.close()
            }
        }

        law("shutdown cancelled at every point is done or can be done", HALF_CLOSE) {
            cutEverywhere { cut ->
                val (a, b) = pair()
                a.send("x")
                cut.play { a.shutdown(Direction.WRITE) }
                a.shutdown(Direction.WRITE)
                same(b.toEnd().decodeToString(), "x", "what was sent before")
                b.send("y")
                same(a.exactly(1).decodeToString(), "y", "the other way")
                a.close()
                b.close()
            }
        }

        law("a coroutine whose calls never have to wait ends when cancelled") {
            val (a, b) = pair()
            val sending = launch { while (true) a.send(ByteArray(1_000)) }
            val receiving = launch { while (true) b.recv() }
            while (b.received < MIB) settle()
            sending.cancelAndJoin()
            receiving.cancelAndJoin()
        }

        law("a receive cancelled in the turn that its bytes come loses none") {
            val (a, b) = pair()
            val got = ByteArrayOutputStream()
            repeat(300) {
                val waiting = launch { b.recv()?.let { got.writeBytes(it.toByteArray()) } }
                repeat(it % 5) { yield() }
                a.send(byteArrayOf(it.toByte()))
                repeat(it / 5 % 5) { yield() }
                waiting.cancelAndJoin()
            }
            a.close()
            got.writeBytes(b.toEnd())
            same(got.toByteArray(), ByteArray(300) { it.toByte() }, "every byte once")
        }
    }

/** Cuts [receive] everywhere while [PIECES] bytes come one by one; what it took and what then comes are all of them. */
private suspend fun Trial.keepsEveryByte(receive: suspend Connection.(ByteArrayOutputStream) -> Unit) {
    cutEverywhere { cut ->
        val (a, b) = pair()
        val got = ByteArrayOutputStream()
        val all = pattern(2 * PIECES)
        cut.play({
            for (i in 0 until PIECES) {
                a.send(all.copyOfRange(i, i + 1))
                yield()
            }
        }) { b.receive(got) }
        a.send(all.copyOfRange(PIECES, 2 * PIECES))
        a.close()
        got.writeBytes(b.toEnd())
        same(got.toByteArray(), all, "every byte once")
        same(b.received, all.size.toLong(), "received")
        b.close()
    }
}

private suspend fun Connection.greeting() = peek(1)?.toByteArray()?.decodeToString()

/** Nobody is on the other side: its end or a reset comes. */
private suspend fun Connection.hasEnded() {
    val end = runCatching { recv() }
    expect(end.getOrNull() == null) { "an accepted and lost connection sent ${end.getOrNull()}" }
    end.onFailure { expect(it is BrokenException) { "expected the end or Broken, was $it" } }
}

private suspend fun Connection.toEndAndClose() {
    runCatching { toEnd() }
    close()
}

private const val PIECES = 6
private const val SENT = 300_000
