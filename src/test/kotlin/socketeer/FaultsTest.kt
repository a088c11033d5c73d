package socketeer

import com.sun.management.UnixOperatingSystemMXBean
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldBeEmpty
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import java.lang.management.ManagementFactory
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel
import kotlin.time.Duration.Companion.milliseconds

/** Peers that misbehave, and many of them: nothing of it reaches the server. */
class FaultsTest :
    FunSpec({
        test("a thousand peers that reset, in every phase, and the server goes on") {
            val failures = ArrayList<Event>()
            net(events = { if (it is HandlerFailed || it is CoroutineFailed) failures += it }, signals = false) {
                val server = tcpServer(0) { while (true) send(recv() ?: break) }
                withContext(Dispatchers.IO) { repeat(1_000) { plainPeer(server.address as TcpAddress, it % 5) } }
                connect(server.address).use {
                    it.send("still there")
                    it.recvExactly(11)!!.toByteArray().decodeToString() shouldBe "still there"
                }
                while (server.connections > 0) yield()
                server.stop()
            }
            failures.filterNot { it is HandlerFailed && it.cause is BrokenException }.shouldBeEmpty()
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
            ChildJvm("socketeer.ComeAndGoKt", COME_AND_GO).use { it.rest() shouldBe "nothing is left\n" }
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

/** Whether this process may have so many descriptors. */
fun roomFor(descriptors: Int): Enabled {
    val system = ManagementFactory.getOperatingSystemMXBean() as? UnixOperatingSystemMXBean
    val most = system?.maxFileDescriptorCount ?: return Enabled.disabled("not a Unix system")
    return if (most >= descriptors) Enabled.enabled else Enabled.disabled("ulimit -n is $most, needs $descriptors")
}

private const val MANY = 10_000
private const val SPARE = 500
private val COME_AND_GO = System.getProperty("come.and.go", "10000")
private val IDLE = 300.milliseconds
