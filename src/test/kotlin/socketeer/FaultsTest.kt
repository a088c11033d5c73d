package socketeer

import com.sun.management.UnixOperatingSystemMXBean
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import socketeer.testing.directMemory
import socketeer.testing.socketsOfThisProcess
import java.lang.management.ManagementFactory
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel
import kotlin.time.Duration.Companion.milliseconds

/** Peers that misbehave, and many of them: nothing of it reaches the server. */
class FaultsTest :
    FunSpec({
        test("a thousand peers that reset, in every phase, and the server goes on") {
            val events = ArrayList<Event>()
            net(events = { events += it }, signals = false) {
                val server = tcpServer(0) { while (true) send(recv() ?: break) }
                withContext(Dispatchers.IO) { repeat(1_000) { plainPeer(server.address as TcpAddress, it % 5) } }
                connect(server.address).use {
                    it.send("still there")
                    it.recvExactly(11)!!.toByteArray().decodeToString() shouldBe "still there"
                }
                while (server.connections > 0) yield()
                server.stop()
            }
            events.filterNot { it is HandlerFailed && it.cause is BrokenException }.shouldBeEmpty()
        }

        test("out of descriptors: the laws of exhaustion hold, a server pauses and goes on") {
            ChildJvm("socketeer.ExhaustedPeerKt", descriptors = 120).use { it.rest() shouldBe "all held\n" }
        }

        test("$MANY connections at once on one loop, served, then at about no CPU").config(
            enabledOrReasonIf = { roomFor(MANY + SPARE) },
        ) {
            net(limits = Limits(connections = MANY), signals = false) {
                val server = tcpServer(0) { while (true) send(recv() ?: break) }
                val loop = Thread.currentThread().id
                ChildJvm("socketeer.ManyPeersKt", "${(server.address as TcpAddress).port}", "$MANY").use { peers ->
                    withContext(Dispatchers.IO) { peers.line() } shouldBe "$MANY echoed"
                    server.connections shouldBe MANY
                    val threads = ManagementFactory.getThreadMXBean()
                    val before = threads.getThreadCpuTime(loop)
                    withTimeoutOrNull(IDLE) { Job().join() }
                    (threads.getThreadCpuTime(loop) - before) shouldBeLessThan IDLE.inWholeNanoseconds / 10
                    peers.next()
                    withContext(Dispatchers.IO) { peers.line() } shouldBe "$MANY echoed"
                }
                while (server.connections > 0) yield()
                server.stop()
            }
        }

        // The whole of it: mvn test -Dtest=FaultsTest -Dcome.and.go=100000
        test("$COME_AND_GO connections come and go: nothing is left") {
            SelectLoop().use { loop ->
                loop.run {
                    val network = NioNetwork(loop)
                    val listener = network.bind(tcp(0)).listen()
                    comeAndGo(network, listener, 500)
                    val before = leftovers(loop)
                    comeAndGo(network, listener, COME_AND_GO)
                    leftovers(loop) shouldBe before
                    network.close()
                }
            }
        }
    })

/** Connects, does something of a conversation, and resets. */
private fun plainPeer(to: TcpAddress, phase: Int) {
    SocketChannel.open(InetSocketAddress(to.host, to.port)).use { peer ->
        peer.socket().setSoLinger(true, 0)
        if (phase >= 1) peer.write(ByteBuffer.allocate(100))
        if (phase >= 2) peer.read(ByteBuffer.allocate(10))
        if (phase >= 3) peer.write(ByteBuffer.allocate(50_000))
        if (phase >= 4) peer.shutdownOutput()
    }
}

/** What must be the same before and after: sockets, watched channels, timers; direct memory to the MiB. */
private fun leftovers(loop: SelectLoop) =
    mapOf(
        "sockets" to socketsOfThisProcess(),
        "keys" to loop.poller.selector.keys().count { it.isValid },
        "timers" to loop.timerCount,
        "coroutines" to loop.coroutineContext[Job]!!.children.count(),
        "direct MiB" to (directMemory() shr 20),
    )

/** [count] connections, 50 at a time, each with a word and an answer; ended by either side, in order and by reset. */
private suspend fun comeAndGo(network: NioNetwork, listener: Listener, count: Int): Unit =
    coroutineScope {
        val serving =
            launch {
                repeat(count) {
                    val peer = listener.accept()
                    launch { peer.use { end -> end.recvExactly(4)?.let { word -> end.send(word) } } }
                }
            }
        val places = Semaphore(50)
        repeat(count) { n ->
            places.acquire()
            launch {
                val near = network.connect(listener.local)
                near.send(ByteBuffer.allocate(4).putInt(0, n))
                near.recvExactly(4)!!.toByteArray() shouldBe ByteBuffer.allocate(4).putInt(0, n).array()
                // A reset leaves no TIME_WAIT behind, else the ports of this machine would run out.
                near.abort()
                places.release()
            }
        }
        serving.join()
    }

private fun roomFor(descriptors: Int): Enabled {
    val system = ManagementFactory.getOperatingSystemMXBean() as? UnixOperatingSystemMXBean
    val most = system?.maxFileDescriptorCount ?: return Enabled.disabled("not a Unix system")
    return if (most >= descriptors) Enabled.enabled else Enabled.disabled("ulimit -n is $most, needs $descriptors")
}

private const val MANY = 10_000
private const val SPARE = 500
private val COME_AND_GO = System.getProperty("come.and.go", "10000").toInt()
private val IDLE = 300.milliseconds
