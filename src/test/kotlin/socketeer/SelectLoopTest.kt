package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldBeIn
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.property.Arb
import io.kotest.property.arbitrary.int
import io.kotest.property.arbitrary.list
import io.kotest.property.checkAll
import io.ktor.network.selector.InterestSuspensionsMap
import io.ktor.network.selector.SelectInterest
import io.ktor.network.selector.Selectable
import io.ktor.network.sockets.InetSocketAddress
import io.ktor.network.sockets.aSocket
import io.ktor.network.sockets.openReadChannel
import io.ktor.network.sockets.openWriteChannel
import io.ktor.network.sockets.port
import io.ktor.utils.io.readLine
import io.ktor.utils.io.writeStringUtf8
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import socketeer.loop.Timers
import java.net.InetAddress
import java.nio.ByteBuffer
import java.nio.channels.Pipe
import java.nio.channels.SelectableChannel
import java.util.concurrent.CountDownLatch
import java.util.concurrent.LinkedBlockingQueue
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class SelectLoopTest :
    FunSpec({
        val echo: Handler = { while (true) send(recv() ?: break) }

        test("timers come in the order of their deadlines, whichever are taken away") {
            checkAll(Arb.list(Arb.int(0..50), 0..200), Arb.list(Arb.int(0..199), 0..200)) { deadlines, gone ->
                val timers = Timers { it.run() }
                val made = deadlines.map { timers.add(it.toLong()) {} }
                val removed = gone.filter { it in made.indices }.toSet()
                for (i in removed) made[i].dispose()
                for (i in removed) made[i].dispose()
                timers.size shouldBe deadlines.size - removed.size
                val left = deadlines.filterIndexed { i, _ -> i !in removed }.sorted()
                generateSequence { timers.takeDue(Long.MAX_VALUE / 2) }.map { it.deadline.toInt() }.toList() shouldBe
                    left
            }
        }

        test("a timeout that isn't needed leaves no timer behind") {
            val loop = SelectLoop()
            loop.run { repeat(1_000) { withTimeout(1.seconds) { yield() } } }
            loop.timerCount shouldBe 0
            loop.close()
        }

        test("it says which mechanism watches") {
            SelectLoop().use { it.mechanism shouldBeIn listOf("epoll", "kqueue", "poll", "wepoll", "windows") }
        }

        test("tasks, timers and channels each get their turn") {
            net {
                val server = tcpServer(0, handler = echo)
                val busy = launch { while (true) yield() }
                val flooding = connect(server.address)
                val flood =
                    launch {
                        launch { while (true) flooding.send(ByteArray(65_536)) }
                        val buffer = ByteBuffer.allocateDirect(65_536)
                        while (flooding.recvInto(buffer) > 0) buffer.clear()
                    }
                // None of these can end unless the others let it.
                repeat(20) { delay(1.milliseconds) }
                connect(server.address).use { quiet ->
                    repeat(20) {
                        quiet.send("x")
                        quiet.recvExactly(1)?.text() shouldBe "x"
                    }
                }
                busy.cancelAndJoin()
                flood.cancelAndJoin()
                flooding.abort()
                server.stop(Duration.ZERO)
            }
        }

        test("ktor's own sockets run on it") {
            val loop = SelectLoop()
            loop.run {
                val server = aSocket(loop).tcp().bind("127.0.0.1", 0)
                launch {
                    server.accept().use { peer ->
                        val line = peer.openReadChannel().readLine()
                        peer.openWriteChannel(autoFlush = true).writeStringUtf8("$line!\n")
                    }
                }
                aSocket(loop).tcp().connect(InetSocketAddress("127.0.0.1", server.localAddress.port())).use { client ->
                    client.openWriteChannel(autoFlush = true).writeStringUtf8("hello\n")
                    client.openReadChannel().readLine() shouldBe "hello!"
                }
                server.close()
            }
            loop.close()
        }

        test("a select that was cancelled can be made again") {
            val loop = SelectLoop()
            loop.run {
                val pipe = Pipe.open()
                pipe.source().configureBlocking(false)
                val source = PipeEnd(pipe.source())
                repeat(100) { withTimeoutOrNull(1.milliseconds / 10) { loop.select(source, SelectInterest.READ) } }
                val first = launch(start = CoroutineStart.UNDISPATCHED) { loop.select(source, SelectInterest.READ) }
                shouldThrow<IllegalStateException> { loop.select(source, SelectInterest.READ) }
                pipe.sink().write(ByteBuffer.wrap(byteArrayOf(1)))
                first.join()
                pipe.source().close()
                pipe.sink().close()
            }
            loop.close()
        }

        test("interrupting the thread cancels the block and throws InterruptedException") {
            val started = CountDownLatch(1)
            val ended = LinkedBlockingQueue<String>()
            val thread =
                thread {
                    try {
                        net {
                            try {
                                started.countDown()
                                delay(Duration.INFINITE)
                            } finally {
                                ended += "finally"
                            }
                        }
                    } catch (_: InterruptedException) {
                        ended += "interrupted"
                    }
                }
            started.await()
            thread.interrupt()
            ended.take() shouldBe "finally"
            ended.take() shouldBe "interrupted"
        }

        test("net inside net is refused with the reason") {
            net { shouldThrow<IllegalStateException> { net { } }.message shouldContain "drives one already" }
        }

        test("an exception in the block comes out of net, and its servers are gone") {
            lateinit var address: StreamAddress
            shouldThrow<IllegalArgumentException> {
                net {
                    address = tcpServer(0, handler = echo).address
                    throw IllegalArgumentException("mine")
                }
            }.message shouldBe "mine"
            net { shouldThrow<RefusedException> { connect(address) } }
        }

        test("a loop can be closed at any moment of its thread's life, and by another loop's thread") {
            repeat(200) {
                val loop = SelectLoop()
                val thread = loop.start("short-lived")
                if (it % 2 == 0) runBlocking(loop) { }
                loop.close()
                thread.join()
                loop.close()
            }
            SelectLoop().use { outer -> outer.run { SelectLoop().close() } }
        }

        test("closing a loop wakes whoever waits on it, from any thread") {
            val loop = SelectLoop().apply { start() }
            val network = NioNetwork(loop)
            val waiting = CompletableDeferred<Unit>()
            net {
                val listener = network.bind(tcp(0)).listen()
                val accepting =
                    async(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
                        waiting.complete(Unit)
                        runCatching { listener.accept() }.exceptionOrNull()
                    }
                waiting.await()
                loop.close()
                (accepting.await() is ClosedException) shouldBe true
                shouldThrow<ClosedException> { network.connect(listener.local) }
                listener.close()
            }
        }

        test("every address of a name is tried: the first that answers wins, the rest are closed") {
            net {
                val server = tcpServer(0, handler = echo)
                val port = (server.address as TcpAddress).port
                // localhost is 127.0.0.1 and, where there is IPv6, ::1, where nobody listens.
                connect(tcp("localhost", port)).use {
                    it.send("x")
                    it.recv()?.text() shouldBe "x"
                }
                resolve("localhost").all { InetAddress.getByName(it).isLoopbackAddress } shouldBe true
                shouldThrow<NameNotFoundException> { resolve("no.such.name.invalid") }.message shouldContain
                    "no.such.name.invalid"
                server.stop()
            }
        }

        test("work elsewhere and back: the loop isn't held") {
            net {
                val server =
                    tcpServer(0) {
                        while (true) {
                            val bytes = recv() ?: break
                            withContext(Dispatchers.IO) { send(bytes) }
                        }
                    }
                connect(server.address).use { peer ->
                    repeat(200) {
                        peer.send("$it")
                        peer.recv()?.text() shouldBe "$it"
                    }
                }
                server.stop().finished shouldBe 1
            }
        }
    })

/** Any ktor Selectable: one end of a pipe. */
private class PipeEnd(override val channel: SelectableChannel) : Selectable {
    override val isClosed: Boolean get() = !channel.isOpen
    override val interestedOps: Int = SelectInterest.READ.flag
    override val suspensions: InterestSuspensionsMap = InterestSuspensionsMap()

    override fun interestOp(interest: SelectInterest, state: Boolean) {}

    override fun close(): Unit = channel.close()

    override fun dispose(): Unit = close()
}
