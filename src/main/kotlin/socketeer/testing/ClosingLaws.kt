package socketeer.testing

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.ByteString
import socketeer.ClosedException
import socketeer.Connection
import socketeer.Direction
import socketeer.Listener
import socketeer.Option
import socketeer.StreamAddress
import socketeer.testing.Ability.DESCRIPTORS
import socketeer.testing.Ability.LISTENING
import socketeer.testing.Ability.PORTS
import socketeer.use
import java.nio.ByteBuffer
import kotlin.time.Duration.Companion.seconds

internal val closingLaws =
    theme("closing") {
        law("close wakes a waiting recv, recvInto, recvExactly and peek with Closed") {
            for ((name, call) in receives) {
                val (_, b) = pair()
                val waiting = begun { call(b) }
                b.close()
                waiting.await().failedAs<ClosedException>(name)
            }
        }

        law("close wakes a waiting send with Closed") {
            val (a, _) = pair()
            val waiting = begun { a.send(flood) }
            a.close()
            waiting.await().failedAs<ClosedException>("send")
        }

        law("abort wakes a waiting recv and a waiting send with Closed") {
            val (a, _) = pair()
            val receiving = begun { a.recv() }
            val sending = begun { a.send(flood) }
            a.abort()
            receiving.await().failedAs<ClosedException>("recv")
            sending.await().failedAs<ClosedException>("send")
        }

        law("close wakes a waiting accept with Closed", LISTENING) {
            val listener = listener()
            val waiting = begun { listener.accept() }
            listener.close()
            waiting.await().failedAs<ClosedException>("accept")
        }

        law("closing its bound socket, or the network, wakes a waiting connect with Closed", LISTENING, PORTS) {
            val full = fullListener()
            val bound = network().bind(address)
            val one = begun { bound.connect(full) }
            val two = begun { network().connect(full) }
            bound.close()
            one.await().failedAs<ClosedException>("connect of a bound socket")
            network().close()
            two.await().failedAs<ClosedException>("connect")
        }

        law("closing twice, at once, or after abort is fine") {
            val (a, b) = pair()
            repeat(3) { a.close() }
            a.abort()
            b.abort()
            b.close()
            val (c, d) = pair()
            coroutineScope {
                for (end in listOf(c, d)) {
                    repeat(5) {
                        launch {
                            if (it ==
                                3
                            ) {
                                end.abort()
                            } else {
                                end.close()
                            }
                        }
                    }
                }
            }
            expect(listOf(a, b, c, d).none { it.isOpen }) { "open after close" }
        }

        law("anything after close is Closed; values stay readable") {
            val (a, b) = pair()
            val before = listOf(a.local, a.remote, a.sent, a.received)
            a.close()
            for ((name, call) in receives + sends) fails<ClosedException>("$name after close") { call(a) }
            for (how in Direction.entries) fails<ClosedException>("shutdown($how)") { a.shutdown(how) }
            fails<ClosedException>("unread") { a.unread(bytes(1)) }
            fails<ClosedException>("an option") { a[Option.KeepAlive] }
            fails<ClosedException>("setting an option") { a[Option.KeepAlive] = true }
            same(listOf(a.local, a.remote, a.sent, a.received), before, "addresses and counters")
            expect(!a.isOpen && b.isOpen) { "isOpen: closed here, open there" }
        }

        law("anything after a listener's close is Closed", LISTENING) {
            val listener = listener()
            val address = listener.local
            repeat(2) { listener.close() }
            repeat(2) { fails<ClosedException>("accept") { listener.accept() } }
            same(listener.local, address, "its address")
            expect(!listener.isOpen) { "open after close" }
            val bound = network().bind(this.address)
            repeat(2) { bound.close() }
            fails<ClosedException>("listen") { bound.listen() }
        }

        law("close cancels what was launched on the connection") {
            val (a, b) = pair()
            val child = a.launch(start = CoroutineStart.UNDISPATCHED) { awaitCancellation() }
            val other = b.launch(start = CoroutineStart.UNDISPATCHED) { awaitCancellation() }
            a.close()
            child.join()
            expect(other.isActive) { "the peer's are its own" }
            b.abort()
            other.join()
        }

        law("a cancelled caller still closes") {
            val (a, b) = pair()
            launch {
                cancel()
                a.close()
            }.join()
            expect(!a.isOpen) { "open after a cancelled close" }
            b.isAtItsEnd()
        }

        law("use closes however its block ends") {
            val (a, b) = pair()
            same(a.use { 7 }, 7, "use")
            fails<IllegalStateException>("a failure inside") { b.use { error("inside") } }
            val (c, _) = pair()
            launch { c.use { it.recv() } }.also { settle() }.cancel()
            while (c.isOpen) settle()
            expect(!a.isOpen && !b.isOpen) { "open after use" }
        }

        law("close returns when the port can be bound again, even right after serving", LISTENING, PORTS) {
            var at: StreamAddress = address
            repeat(30) {
                val listener = network().bind(at).listen()
                at = listener.local
                val (near, far) = met(listener)
                far.close()
                near.close()
                listener.close()
            }
            repeat(30) { network().bind(at).close() }
        }

        law("close and abort return when the descriptor is gone", DESCRIPTORS) {
            pair()
            val before = socketsOfThisProcess()
            repeat(20) {
                val (a, b) = pair()
                same(socketsOfThisProcess(), before + 2, "with a pair open")
                if (it % 2 == 0) a.close() else a.abort()
                same(socketsOfThisProcess(), before + 1, "after one close")
                if (it % 2 == 0) b.abort() else b.close()
                same(socketsOfThisProcess(), before, "after both")
            }
        }

        law("closing the network closes all that came from it", LISTENING) {
            val network = network()
            val listener = network.bind(address).listen()
            val bound = network.bind(address)
            val near = network.connect(listener.local).alsoEnds()
            val far = listener.accept().alsoEnds()
            val waiting = listOf(begun { near.recv() }, begun { far.recv() })
            val accepting = begun { listener.accept() }
            network.close()
            // One end is closed before the other, and that is the end of the stream there.
            waiting.map { it.await() }.forEach { if (it.isFailure) it.failedAs<ClosedException>("a waiting recv") }
            accepting.await().failedAs<ClosedException>("a waiting accept")
            for (end in listOf(near, far)) fails<ClosedException>("recv") { end.recv() }
            expect(listOf(listener, bound, near, far).none { it.isOpen }) { "open after the network's close" }
            fails<ClosedException>("connect") { network.connect(listener.local, 5.seconds) }
            fails<ClosedException>("bind") { network.bind(address) }
            repeat(2) { network.close() }
        }
    }

internal val receives: List<Pair<String, suspend (Connection) -> Any?>> =
    listOf(
        "recv" to { it.recv() },
        "recvInto" to { it.recvInto(ByteBuffer.allocate(9)) },
        "recvExactly" to { it.recvExactly(9) },
        "peek" to { it.peek(9) },
    )

internal val sends: List<Pair<String, suspend (Connection) -> Any?>> =
    listOf(
        "send of a buffer" to { it.send(ByteBuffer.allocate(9)) },
        "send of an array" to { it.send(ByteArray(9)) },
        "send of bytes" to { it.send(ByteString(ByteArray(9))) },
        "send of text" to { it.send("text") },
        "send of nothing" to { it.send(ByteArray(0)) },
    )

/** The address of a listener whose backlog is full, so that a connect waits there. */
internal suspend fun Trial.fullListener(listener: Listener? = null): StreamAddress {
    val full = listener ?: listener(backlog = 1)
    val at = full.local
    // A kernel takes one or two more than it was told; those that no longer get in are cancelled. One alone may have
    // been kept from it by a machine with other work.
    var keptOut = 0
    while (keptOut < 2) {
        val one = network()
        if (withTimeoutOrNull(FULL) { one.connect(at).alsoEnds() } == null) keptOut++ else keptOut = 0
    }
    return at
}

private val FULL = 0.2.seconds
