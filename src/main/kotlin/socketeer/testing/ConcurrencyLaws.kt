package socketeer.testing

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import socketeer.BrokenException
import socketeer.BusyException
import socketeer.ClosedException
import socketeer.Connection
import socketeer.SocketeerException
import socketeer.testing.Ability.LISTENING
import java.io.ByteArrayOutputStream

internal val concurrencyLaws =
    theme("concurrency") {
        law("one recv and one send at once is fine") {
            val (a, b) = pair()
            val waiting = begun { a.recv() }
            a.send("there")
            same(b.exactly(5).decodeToString(), "there", "sent while a recv waits")
            b.send("back")
            same(waiting.await().getOrThrow()!!.toByteArray().decodeToString(), "back", "received")
        }

        law("two receives at once: the second is Busy at once, the first undisturbed") {
            for ((name, call) in receives) {
                val (a, b) = pair()
                val first = begun { b.recvExactly(3) }
                for ((second, other) in receives) fails<BusyException>("$second beside recvExactly") { other(b) }
                a.send("abc")
                same(first.await().getOrThrow()!!.toByteArray().decodeToString(), "abc", "the first")
                val waiting = begun { call(b) }
                fails<BusyException>("recv beside $name") { b.recv() }
                b.close()
                waiting.await().failedAs<ClosedException>(name)
            }
        }

        law("two sends at once: the second is Busy at once, never mixed in") {
            val (a, b) = pair()
            val all = flood
            val first = begun { a.send(all) }
            for ((name, call) in sends) fails<BusyException>("$name beside a send") { call(a) }
            val coming = async { b.exactly(MUCH) }
            first.await().getOrThrow()
            a.send("after")
            same(coming.await(), all, "the first send")
            same(b.exactly(5).decodeToString(), "after", "then")
        }

        law("two accepts at once: the second is Busy at once", LISTENING) {
            val listener = listener()
            val first = begun { listener.accept().alsoEnds() }
            fails<BusyException>("the second accept") { listener.accept() }
            network().connect(listener.local).alsoEnds()
            first.await().getOrThrow()
            met(listener)
        }

        law("a call after a cancelled one isn't Busy") {
            val (a, b) = pair()
            repeat(100) {
                launch { b.recv() }.also { settle() }.cancelAndJoin()
                val waiting = begun { b.recv() }
                a.send("x")
                expect(waiting.await().getOrThrow()!!.size == 1) { "recv after a cancelled one" }
            }
        }

        law("receiving on one thread, sending on another, 1 MiB each way") {
            val (a, b) = pair()
            withContext(Dispatchers.Default) {
                for ((from, to) in listOf(a to b, b to a)) {
                    launch { for (part in pattern(MIB).asList().chunked(10_000)) from.send(part.toByteArray()) }
                    launch { same(to.exactly(MIB), pattern(MIB), "across threads") }
                }
            }
        }

        law("cancelled from other threads while bytes come: none is lost") {
            val (a, b) = pair()
            val got = ByteArrayOutputStream()
            repeat(300) {
                val waiting = launch { b.recv()?.let { bytes -> got.writeBytes(bytes.toByteArray()) } }
                settle()
                coroutineScope {
                    launch(Dispatchers.Default) { a.send(byteArrayOf(it.toByte())) }
                    launch(Dispatchers.Default) { waiting.cancel() }
                }
                waiting.join()
            }
            a.close()
            got.writeBytes(b.toEnd())
            same(got.toByteArray(), ByteArray(300) { it.toByte() }, "every byte once")
        }

        law("all methods from several threads with closes mixed in end, and only with our errors") {
            repeat(30) { round ->
                val (a, b) = pair()
                withContext(Dispatchers.Default) {
                    val calls = listOf(a, b).flatMap { end -> (receives + sends).map { end to it } }
                    val running =
                        calls.map { (end, named) ->
                            launch {
                                val outcome = runCatching { repeat(50) { _ -> named.second(end) } }
                                outcome.onFailure { why ->
                                    expect(why is SocketeerException) { "${named.first}: $why" }
                                }
                            }
                        }
                    listOf(a, b, a, b).forEachIndexed { i, end ->
                        launch { if ((round + i) % 3 == 0) end.abort() else end.close() }
                    }
                    running.joinAll()
                }
                expect(!a.isOpen && !b.isOpen) { "open after close" }
            }
        }

        law("closed by a thread while another receives: Closed, or what came before it") {
            repeat(100) {
                val (a, b) = pair()
                withContext(Dispatchers.Default) {
                    launch { runCatching { if (it % 2 == 0) a.send("x") } }
                    launch { b.close() }
                    val outcome = runCatching { b.toEnd() }
                    outcome.onFailure { why ->
                        expect(why is ClosedException || why is BrokenException) { "recv: $why" }
                    }
                }
                a.abort()
            }
        }

        law("a hundred connections at once, each with its own bytes") {
            val pairs = List(100) { pair() }
            pairs
                .mapIndexed { i, (a, b) ->
                    launch { a.sendAllAndClose(pattern(20_000, i)) }
                    async { same(b.toEnd(), pattern(20_000, i), "connection $i") }
                }.awaitAll()
        }
    }

private suspend fun Connection.sendAllAndClose(all: ByteArray) {
    send(all)
    close()
}
