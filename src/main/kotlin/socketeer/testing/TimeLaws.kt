package socketeer.testing

import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import socketeer.TimedOutException
import socketeer.testing.Ability.LISTENING
import socketeer.testing.Ability.PORTS
import java.nio.ByteBuffer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

internal val timeLaws =
    theme("time") {
        law("a timed-out recv leaves recv and send usable, no byte lost") {
            val (a, b) = pair()
            for ((name, call) in receives) {
                same(withTimeoutOrNull(SHORT) { call(b) }, null, "$name without bytes")
                a.send(name)
                same(b.exactly(name.length).decodeToString(), name, "after the deadline")
                b.send(name)
                same(a.exactly(name.length).decodeToString(), name, "the other way")
            }
        }

        law("a timed-out recvExactly keeps what had come") {
            val (a, b) = pair()
            a.send("abc")
            same(withTimeoutOrNull(SHORT) { b.recvExactly(5) }, null, "recvExactly")
            same(withTimeoutOrNull(SHORT) { b.peek(5) }, null, "peek")
            a.send("de")
            same(b.exactly(5).decodeToString(), "abcde", "then")
        }

        law("a timed-out send says how much went, and the rest can follow") {
            val (a, b) = pair()
            val all = flood
            val buffer = ByteBuffer.wrap(all)
            same(withTimeoutOrNull(SHORT) { a.send(buffer) }, null, "send to a peer that doesn't read")
            same(buffer.position().toLong(), a.sent, "position and sent")
            expect(buffer.hasRemaining()) { "nobody read, and all of $MUCH bytes went" }
            launch { a.sendAndEnd(all.copyOfRange(a.sent.toInt(), minOf(a.sent.toInt() + MIB, all.size))) }
            val went = a.sent.toInt()
            same(b.toEnd(), all.copyOf(minOf(went + MIB, all.size)), "all of it")
        }

        law("a deadline already past is the deadline's, and nothing else happens") {
            val (a, b) = pair()
            for (past in listOf(Duration.ZERO, (-1).milliseconds)) {
                for ((name, call) in receives + sends) same(withTimeoutOrNull(past) { call(b) }, null, name)
            }
            a.send("x")
            same(b.exactly(1).decodeToString(), "x", "afterwards")
            same(b.sent, 0, "sent by calls that never began")
        }

        law("a deadline set while a call waits ends it") {
            val (a, b) = pair()
            val waiting = launch { b.recv() }
            settle()
            same(withTimeoutOrNull(SHORT) { waiting.join() }, null, "still waiting")
            waiting.cancelAndJoin()
            a.send("x")
            same(b.exactly(1).decodeToString(), "x", "afterwards")
        }

        law("a thousand timed-out and cancelled receives leave nothing behind") {
            val (a, b) = pair()
            repeat(1_000) {
                val waiting = launch { b.recv() }
                if (it % 100 == 0) settle() else yield()
                waiting.cancelAndJoin()
                if (it % 50 == 0) withTimeoutOrNull(1.milliseconds) { b.recv() }
            }
            a.send("x")
            same(b.exactly(1).decodeToString(), "x", "afterwards")
        }

        law("a timed-out accept leaves accept usable", LISTENING) {
            val listener = listener()
            repeat(3) {
                same(withTimeoutOrNull(SHORT) { listener.accept() }, null, "accept without a peer")
                val (near, far) = met(listener)
                near.send("x")
                same(far.exactly(1).decodeToString(), "x", "afterwards")
            }
        }

        law("a connect that takes too long is TimedOut, or cancelled; then the same call works", LISTENING, PORTS) {
            val listener = listener(backlog = 1)
            val at = fullListener(listener)
            fails<TimedOutException>("connect with a timeout") { network().connect(at, SHORT) }
            same(withTimeoutOrNull(SHORT) { network().connect(at) }, null, "connect in withTimeout")
            val accepting = launch { while (true) listener.accept().alsoEnds() }
            network().connect(at).close()
            accepting.cancelAndJoin()
        }
    }

private val SHORT = 30.milliseconds
