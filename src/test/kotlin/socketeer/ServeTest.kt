package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import java.net.Socket
import java.nio.ByteBuffer
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** How servers and connections end when what can go wrong does. */
class ServeTest :
    FunSpec({
        test("stop returns while a connection, its handler done, lingers for a peer that stays") {
            ends {
                net {
                    val server = tcpServer(0) { send("bye") }
                    connect(server.address).use { peer ->
                        peer.recvExactly(3)?.text() shouldBe "bye"
                        peer.recv() shouldBe null
                        server.stop(500.milliseconds).accepted shouldBe 1
                    }
                }
            }
        }

        test("the receipt adds up when a handler ends only because its connection is aborted") {
            ends {
                net {
                    val begun = CompletableDeferred<Unit>()
                    val server =
                        tcpServer(0) {
                            begun.complete(Unit)
                            withContext(NonCancellable) { send(ByteArray(50_000_000)) }
                        }
                    connect(server.address).use {
                        begun.await()
                        server.stop(Duration.ZERO) shouldBe Receipt(1, 0, 0, 0, 1)
                    }
                }
            }
        }

        test("stop returns although another loop is held") {
            val release = CountDownLatch(1)
            ends {
                net(loops = 2, limits = Limits(hold = 60.seconds)) {
                    val held = CountDownLatch(1)
                    val server =
                        tcpServer(0) {
                            if (recv() != null) {
                                held.countDown()
                                release.await()
                            }
                        }
                    val peers = List(2) { Socket(LOOPBACK, (server.address as TcpAddress).port) }
                    while (server.connections < 2) yield()
                    // Connections go round the loops: the second one isn't on this one.
                    peers[1].getOutputStream().write(1)
                    withContext(Dispatchers.IO) { held.await(10, TimeUnit.SECONDS) } shouldBe true
                    server.stop(200.milliseconds).accepted shouldBe 2
                    release.countDown()
                    peers.forEach { it.close() }
                }
            }
        }

        test("what comes in the moment in which a receive is cancelled is for the next one") {
            net {
                val listener = bind(tcp(0)).listen()
                Socket(LOOPBACK, (listener.local as TcpAddress).port).use { client ->
                    val peer = listener.accept()
                    val first = async { withTimeoutOrNull(5.milliseconds) { peer.recv() } }
                    yield()
                    client.getOutputStream().write('x'.code)
                    // The loop is held until both are due.
                    val due = System.nanoTime() + 50_000_000
                    while (System.nanoTime() < due) Thread.onSpinWait()
                    (first.await() ?: peer.recv())?.text() shouldBe "x"
                }
            }
        }

        test("the input of a peer that never stops sending can be ended: what had come is received, then the end") {
            ends {
                net {
                    val server = tcpServer(0) { while (true) send(ByteArray(10_000)) }
                    connect(server.address).use { client ->
                        val first = client.recvExactly(10_000)!!.size
                        client.shutdown(Direction.READ)
                        var rest = 0L
                        while (true) rest += (client.recv() ?: break).size
                        client.received shouldBe first + rest
                    }
                    server.stop(Duration.ZERO)
                }
            }
        }

        test("a function of events that throws: it's told to the thread, once an event, and serving goes on") {
            val thread = Thread.currentThread()
            val before = thread.uncaughtExceptionHandler
            val thrown = ArrayList<String?>()
            thread.setUncaughtExceptionHandler { _, cause -> thrown += cause.message }
            try {
                net(events = { error(it.javaClass.simpleName) }) {
                    val server = tcpServer(0) { if (recv()?.text() == "bug") error("a bug") else send("fine") }
                    connect(server.address).use {
                        it.send("bug")
                        it.recv() shouldBe null
                    }
                    while (server.connections > 0) yield()
                    connect(server.address).use { it.send("x").also { _ -> it.recv()?.text() shouldBe "fine" } }
                    while (server.connections > 0) yield()
                    server.stop() shouldBe Receipt(accepted = 2, finished = 1, failed = 1, cancelled = 0, aborted = 0)
                }
            } finally {
                thread.uncaughtExceptionHandler = before
            }
            thrown shouldBe
                listOf("Accepted", "HandlerFailed", "Closed", "Accepted", "Closed", "Draining", "Drained")
        }

        test("a buffer that can't be written to is refused, and the loop lives") {
            net {
                val server = tcpServer(0) { send("x") }
                connect(server.address).use {
                    shouldThrow<IllegalArgumentException> { it.recvInto(ByteBuffer.allocate(1).asReadOnlyBuffer()) }
                    it.recv()?.text() shouldBe "x"
                }
                server.stop()
            }
        }

        test("run returns when what it launched ends elsewhere") {
            ends {
                SelectLoop().use { loop ->
                    loop.run {
                        val waited = CountDownLatch(1)
                        launch(Dispatchers.IO) { waited.await(50, TimeUnit.MILLISECONDS) }
                    }
                }
            }
        }

        test("two networks on one loop: closing one leaves the other's sockets alone") {
            SelectLoop().use { loop ->
                loop.run {
                    val (mine, other) = NioNetwork(loop) to NioNetwork(loop)
                    val listener = other.bind(tcp(0)).listen()
                    val gone = mine.bind(tcp(0)).listen()
                    mine.close()
                    gone.isOpen shouldBe false
                    other.connect(listener.local).close()
                    other.close()
                }
            }
        }

        test("a block that fails leaves no listener behind on a network that was passed in") {
            SelectLoop().use { loop ->
                loop.start()
                val network = NioNetwork(loop)
                lateinit var address: StreamAddress
                shouldThrow<IllegalStateException> {
                    net(network) {
                        address = tcpServer(0) {}.address
                        error("mine")
                    }
                }
                net { shouldThrow<RefusedException> { connect(address) } }
            }
        }
    })

/** Fails instead of hanging: [block] on a thread of its own, with patience. */
private fun ends(block: () -> Unit) {
    var failure: Throwable? = null
    val running =
        thread(isDaemon = true) {
            try {
                block()
            } catch (cause: Throwable) {
                failure = cause
            }
        }
    running.join(20_000)
    check(!running.isAlive) { "it hangs: " + running.stackTrace.joinToString("\n\t", "\n\t") }
    failure?.let { throw it }
}
