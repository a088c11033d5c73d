package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.longs.shouldBeGreaterThanOrEqual
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import socketeer.testing.directMemory
import java.net.Socket
import java.util.concurrent.atomic.AtomicLongArray
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** How a server ends: in time, with a receipt that adds up, and without losing what a handler had sent. */
class StopTest : FunSpec({
    // The whole of it: mvn test -Dtest=StopTest -Dstop.times=100
    test("stop under full load, $TIMES times: what handlers had sent arrives, and the receipt adds up") {
        repeat(TIMES) { withClue("time ${it + 1}") { stopUnderLoad(grace = 60.seconds) { _, _ -> } } }
    }

    test("stop under full load with handlers that go on, and some that won't be cancelled, $TIMES times: in time") {
        repeat(TIMES) {
            val receipt = stopUnderLoad(grace = 50.milliseconds) { i, over ->
                if (i % 4 == 1) awaitCancellation()
                if (i % 4 == 3) withContext(NonCancellable) { over.join() }
            }
            withClue("$receipt") {
                receipt.aborted shouldBe CLIENTS / 4
                // And who was in the middle of an answer.
                receipt.cancelled shouldBeGreaterThanOrEqual CLIENTS / 4L
            }
        }
    }

    test("SIGTERM: handlers are let know and have the last word, it is told, and the process ends by itself") {
        ChildJvm("socketeer.GoodbyeKt").use { child ->
            Socket(LOOPBACK, child.line()!!.toInt()).use { client ->
                val words = client.getInputStream().bufferedReader()
                words.readLine() shouldBe "hello, draining: false"
                child.terminate()
                words.readLine() shouldBe "goodbye, draining: true"
                words.readLine() shouldBe null
            }
            child.line() shouldContain "open=1, grace=10s, name=polite"
            child.line() shouldContain "${Receipt(accepted = 1, finished = 1, failed = 0, cancelled = 0, aborted = 0)}"
            child.rest() shouldBe ""
            child.end() shouldBe 0
        }
    }

    test("a second server on the same port at once, and again") {
        net {
            var address = tcpServer(0) {}.apply { stop() }.address as TcpAddress
            repeat(20) {
                val server = tcpServer(address) { send(recv() ?: return@tcpServer) }
                connect(address).use { client ->
                    client.send("x")
                    client.recv()?.text() shouldBe "x"
                    // The server closes first: its port is in TIME_WAIT.
                    server.stop(if (it % 2 == 0) 1.seconds else Duration.ZERO).accepted shouldBe 1
                }
            }
        }
    }

    test("serving one: the listener closes behind it, and a failure is counted, told, and not thrown") {
        val story = Story()
        net(events = story) {
            for (fails in listOf(false, true)) {
                val listener = bind(tcp(0)).listen()
                val served = async { serveOne(listener, name = "once") { if (fails) error("mine") else send("hello") } }
                connect(listener.local).use { client ->
                    if (!fails) client.recv()?.text() shouldBe "hello"
                    served.await().run { listOf(accepted, finished, failed) } shouldBe
                        if (fails) listOf(1L, 0L, 1L) else listOf(1L, 1L, 0L)
                }
                listener.isOpen shouldBe false
                shouldThrow<RefusedException> { connect(listener.local) }
            }
            story.first<HandlerFailed>().run { cause.message to name } shouldBe ("mine" to "once")
        }
    }

    test("serving one is cancelled: its connection is closed, and so is the listener") {
        net {
            val listener = bind(tcp(0)).listen()
            val begun = CompletableDeferred<Unit>()
            val serving = launch { serveOne(listener) { begun.complete(Unit).also { awaitCancellation() } } }
            connect(listener.local).use { client ->
                begun.await()
                serving.cancelAndJoin()
                client.recv() shouldBe null
            }
            listener.isOpen shouldBe false
        }
    }

    test("join returns when the listener was closed by hand and the last connection has ended") {
        net {
            val listener = bind(tcp(0)).listen()
            val server = serve(listener) { recv() }
            connect(listener.local).use { client ->
                while (server.connections == 0) yield()
                listener.close()
                client.send("x")
                server.join()
            }
            server.stop() shouldBe Receipt(1, 1, 0, 0, 0)
        }
    }

    test("a listener that fails ends its server loudly: told, its connections drained, and net fails with the cause") {
        val story = Story()
        val failure = shouldThrow<FailedException> {
            net(limits = Limits(drain = 60.seconds), events = story) {
                val (first, fault) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
                val real = bind(tcp(0)).listen()
                val failing = object : Listener by real {
                    override suspend fun accept(): Connection =
                        if (first.complete(Unit)) {
                            real.accept()
                        } else {
                            fault.await().let {
                                throw FailedException("no more")
                            }
                        }
                }
                val server = serve(failing, name = "doomed") { while (true) send(recv() ?: break) }
                connect(server.address).use { client ->
                    client.send("x")
                    client.recv()?.text() shouldBe "x"
                    fault.complete(Unit)
                    client.recv() shouldBe null
                }
                server.join()
            }
        }
        failure.message shouldBe "no more"
        story.first<ServerFailed>().run { cause.message to name } shouldBe ("no more" to "doomed")
        story.first<Drained>().receipt shouldBe Receipt(1, 1, 0, 0, 0)
    }

    // The whole minute of it: mvn test -Dtest=StopTest -Dslow.seconds=60
    test("a slow reader of an endless stream, for ${SLOW.inWholeSeconds} s: memory flat, others served all the while") {
        net {
            val server = tcpServer(0) { if (recvExactly(1)?.text() == "a") while (true) send(PIECE) else talkBack() }
            connect(server.address).use { slow ->
                slow.send("a")
                connect(server.address).use { other ->
                    other.send("e")
                    other.talk()
                    val before = usedMemory()
                    val began = TimeSource.Monotonic.markNow()
                    var rounds = 0
                    do {
                        slow.recvExactly(1_000)
                        other.talk()
                        rounds++
                    } while (rounds < 100 || began.elapsedNow() < SLOW)
                    usedMemory() - before shouldBeLessThan FLAT
                    server.statistics.run { open to failed } shouldBe (2 to 0L)
                }
            }
            server.stop(Duration.ZERO)
        }
    }
})

/** Sends a byte and has it back, some times. */
private suspend fun Connection.talk() = repeat(10) {
    send("x")
    recv()?.text() shouldBe "x"
}

private suspend fun Connection.talkBack() {
    while (true) send(recv() ?: break)
}

private fun usedMemory(): Long {
    repeat(3) { System.gc() }
    return Runtime.getRuntime().run { totalMemory() - freeMemory() } + directMemory()
}

/**
 * Stops a server while clients send as fast as they can and read all that comes back, until they are told that it is
 * the end; [hold] is what the handler of a client does first, with the client's number and what ends after the stop.
 */
private fun stopUnderLoad(grace: Duration, hold: suspend (Int, Job) -> Unit): Receipt {
    val answered = AtomicLongArray(CLIENTS)
    val over = Job()
    lateinit var receipt: Receipt
    net(loops = 2, limits = Limits(linger = 60.seconds), signals = false) {
        val server = tcpServer(0) {
            val i = (recvExactly(1) ?: return@tcpServer)[0].toInt()
            answered.incrementAndGet(i)
            hold(i, over)
            while (true) {
                val request = recv() ?: break
                send(request)
                answered.addAndGet(i, request.size.toLong())
            }
        }
        val clients = List(CLIENTS) { i ->
            val client = connect(server.address)
            client.send(byteArrayOf(i.toByte()))
            async(Dispatchers.IO) { client.use { it.load() } }
        }
        // Full load: everybody has been heard, who answers has answered more than any buffer holds.
        while ((0 until CLIENTS).any { answered[it] < (if (it % 2 == 0) FULL else 1) }) yield()
        val began = TimeSource.Monotonic.markNow()
        receipt = server.stop(grace)
        withClue("in time, on however slow a machine") { began.elapsedNow() shouldBeLessThan grace + 60.seconds }
        val arrived = clients.awaitAll()
        over.complete()
        if (grace > 1.seconds) {
            for (i in 0 until CLIENTS) withClue("bytes to client $i") { arrived[i] shouldBe answered[i] - 1 }
        }
    }
    receipt.run { finished + failed + cancelled + aborted } shouldBe receipt.accepted
    receipt.accepted shouldBe CLIENTS
    return receipt
}

/** Sends until the peer ends, and gives the number of bytes that have come back. */
private suspend fun Connection.load(): Long {
    val sending = launch {
        try {
            while (true) send(PIECE)
        } catch (_: BrokenException) {
            // It has ended; what it had sent before is still here to be received.
        }
    }
    var bytes = 0L
    try {
        while (true) bytes += (recv() ?: break).size
    } catch (_: BrokenException) {
        // Reset by a server in a hurry: what has come is counted.
    }
    sending.cancelAndJoin()
    return bytes
}

private val PIECE = ByteArray(4_096)
private const val CLIENTS = 32
private const val FULL = 1L shl 20
private const val FLAT = 8L shl 20
private val TIMES = Integer.getInteger("stop.times", 5)
private val SLOW = Integer.getInteger("slow.seconds", 1).seconds
