package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.ints.shouldBeLessThanOrEqual
import io.kotest.matchers.longs.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldStartWith
import io.ktor.network.selector.ActorSelectorManager
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.decodeToString
import kotlinx.io.bytestring.encodeToByteString
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import socketeer.testing.Ability
import socketeer.testing.datagramLaws
import java.net.Inet6Address
import java.net.NetworkInterface
import java.nio.channels.DatagramChannel
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class UdpTest :
    FunSpec({
        context("the laws") {
            // The JDK keeps a socket of its own from the first one on: not a leak of the first law.
            DatagramChannel.open().close()
            val kinds =
                listOf("IPv4" to { udp(0) }, "IPv6" to { udp("::1", 0) })
                    .map { (name, address) ->
                        onLoop { run, network ->
                            datagramLaws(name, address, MAX_DATAGRAM, run = run, network = network)
                        }
                    }
            kinds.flatten().forEach { law -> test("$law") { law.check() } }
            val ktors =
                datagramLaws("ktor's manager", {
                    udp(0)
                }, MAX_DATAGRAM, Ability.DESCRIPTORS) { NioNetwork(ActorSelectorManager(Dispatchers.IO)) }
            ktors.forEach { law -> test("$law") { law.check() } }
        }

        test("the three-line server, over IPv4, IPv6 and both") {
            net {
                for ((host, to) in listOf(
                    "127.0.0.1" to "127.0.0.1",
                    "::1" to "::1",
                    "::" to "127.0.0.1",
                    "::" to "::1",
                    "0.0.0.0" to "127.0.0.1",
                )) {
                    val server =
                        udpSocket(0, host) {
                            while (true) {
                                val (data, from) = recvfrom()
                                sendto(data, from)
                            }
                        }
                    val port = (server.address as UdpAddress).port
                    connect(udp(to, port)).use {
                        for (text in listOf("hello", "", "again")) {
                            it.send(text)
                            it.recv().decodeToString() shouldBe text
                        }
                    }
                    server.stop() shouldBe Receipt(1, 1, 0, 0, 0)
                }
            }
        }

        test("addresses told") {
            net {
                bind(udp(0)).use { (it.local as UdpAddress).host shouldBe "127.0.0.1" }
                bind(udp("::", 0)).use { (it.local as UdpAddress).host shouldBe "::" }
                bind(udp("0.0.0.0", 0)).use { (it.local as UdpAddress).host shouldBe "0.0.0.0" }
                val server = bind(udp("localhost", 0))
                shouldThrow<AddressInUseException> { bind(server.local) }.message shouldStartWith
                    "bind ${server.local}: "
                shouldThrow<AddressNotAvailableException> { bind(udp("203.0.113.1", 0)) }
                connect(server.local).use {
                    it.remote shouldBe server.local
                    (it.local as UdpAddress).host shouldBe "127.0.0.1"
                    it.toString() shouldBe "udp ${it.local} <-> ${server.local}"
                }
                server.close()
                bind(server.local).close()
            }
        }

        test("errors name what was done, and where") {
            net {
                val server = bind(udp(0))
                val large = ByteArray(MAX_DATAGRAM + 1)
                shouldThrow<TooLargeException> { server.sendto(large, server.local) }.message shouldBe
                    "send of 65508 bytes on udp ${server.local}: a datagram is at most 65507"
                shouldThrow<UnsupportedException> { server.sendto("x", udp("::1", 9)) }.message shouldStartWith
                    "send to [::1]:9 on udp ${server.local}: "
                shouldThrow<NameNotFoundException> { server.sendto("x", udp("nosuch.invalid", 9)) }
                shouldThrow<DeniedException> { server.sendto("x", udp("127.255.255.255", 9)) }.message shouldStartWith
                    "send to 127.255.255.255:9 on udp ${server.local}: "
                val gone = server.local
                server.close()
                connect(gone).use {
                    it.send("x")
                    shouldThrow<RefusedException> { it.recv() }.message shouldStartWith
                        "receive on udp ${it.local} <-> $gone: "
                }
            }
        }

        test("a network that carries none says so") {
            shouldThrow<UnsupportedException> { memory { bind(udp(0)) } }.message shouldBe
                "bind 127.0.0.1:0: this network carries no datagrams"
            shouldThrow<UnsupportedException> { memory { connect(udp(9)) } }.message shouldBe
                "connect to 127.0.0.1:9: this network carries no datagrams"
        }

        test("what is sent to port 0 goes nowhere, and the server goes on") {
            net {
                val server = bind(udp(0))
                server.sendto("x", udp("127.0.0.1", 0))
                server.sendto("y", server.local)
                server.recvfrom().data.decodeToString() shouldBe "y"
            }
        }

        test("broadcast") {
            net {
                val server = bind(udp("0.0.0.0", 0))
                bind(udp("0.0.0.0", 0), Option.Broadcast(true)).use {
                    it[Option.Broadcast] shouldBe true
                    it.sendto("to all", udp("127.255.255.255", (server.local as UdpAddress).port))
                    server.recvfrom().data.decodeToString() shouldBe "to all"
                }
            }
        }

        context("multicast") {
            for ((group, host, source, device) in multicastCases) {
                test("$group, from anybody and from one source, joined and left") {
                    net {
                        val receiver = bind(udp(host, 0), Option.ReuseAddress(true))
                        val to = udp(group, (receiver.local as UdpAddress).port)
                        // A TTL of 0 keeps it on this machine, whatever the interface.
                        val settings = arrayOf(Option.MulticastInterface(device), Option.MulticastTtl(0))
                        val sender = bind(udp(source, 0), *settings)
                        sender[Option.MulticastTtl] shouldBe 0
                        sender[Option.MulticastInterface] shouldBe device
                        sender[Option.MulticastLoop] shouldBe true

                        suspend fun heard() = withTimeoutOrNull(300.milliseconds) {
                            receiver.recvfrom()
                        }?.data?.decodeToString()
                        receiver.join(group, device)
                        sender.sendto("1", to)
                        heard() shouldBe "1"
                        receiver.leave(group, device)
                        sender.sendto("2", to)
                        heard() shouldBe null
                        val stranger = if (host == "::") "fd00::9" else "127.0.0.9"
                        receiver.join(group, device, stranger)
                        sender.sendto("3", to)
                        heard() shouldBe null
                        receiver.leave(group, device, stranger)
                        receiver.join(group, device, source)
                        sender.sendto("4", to)
                        heard() shouldBe "4"
                        sender[Option.MulticastLoop] = false
                        sender[Option.MulticastLoop] shouldBe false
                        sender.sendto("5", to)
                        // Except that the loopback device is nothing but a loop.
                        heard() shouldBe if (device == "lo") "5" else null
                        shouldThrow<IllegalArgumentException> { receiver.leave(group, device) }.message shouldStartWith
                            "leave $group on "
                    }
                }
            }

            test("errors") {
                net {
                    val socket = bind(udp("0.0.0.0", 0))
                    shouldThrow<IllegalArgumentException> { socket.join("10.0.0.1") }.message shouldBe
                        "join 10.0.0.1 on $socket: not a group's address (224.0.0.0/4, ff00::/8)"
                    shouldThrow<IllegalArgumentException> { socket.join("239.1.1.1", "nosuch") }.message shouldStartWith
                        "no network interface nosuch; there are: "
                    shouldThrow<UnsupportedException> { socket.join("ff02::1", "lo") }.message shouldContain
                        "bind to an address of the group's family"
                    shouldThrow<IllegalArgumentException> { socket.join("nosuch", "lo") }.message shouldStartWith
                        "not an IP address"
                    socket.join("239.1.1.1")
                    socket.leave("239.1.1.1")
                }
            }
        }

        test("a handler that fails is reported, and the others go on") {
            val events = LinkedBlockingQueue<Event>()
            net(events = events::add) {
                val server = udpServer(0) { (data, from) -> sendto(data.decodeToString().toInt().toString(), from) }
                connect(server.address).use {
                    it.send("x")
                    it.send("17")
                    it.recv().decodeToString() shouldBe "17"
                    val failed = events.take() as HandlerFailed
                    failed.remote shouldBe it.local
                    failed.local shouldBe server.address
                    failed.cause::class shouldBe NumberFormatException::class
                }
                server.stop() shouldBe Receipt(2, 1, 1, 0, 0)
            }
        }

        test("handlers are bounded: at the limit the next datagram waits") {
            net {
                val gate = CompletableDeferred<Unit>()
                var most = 0
                var now = 0
                val server =
                    udpServer(0, limits = Limits(connections = 3)) { (data, from) ->
                        most = maxOf(most, ++now)
                        gate.await()
                        now--
                        sendto(data, from)
                    }
                connect(server.address).use { client ->
                    repeat(10) { client.send("$it") }
                    while (now < 3) delay(1.milliseconds)
                    gate.complete(Unit)
                    List(10) { client.recv().decodeToString() } shouldContainExactlyInAnyOrder List(10) { "$it" }
                }
                most shouldBe 3
                server.stop() shouldBe Receipt(10, 10, 0, 0, 0)
            }
        }

        test("stop: what had come is answered; what doesn't end is cancelled") {
            net {
                val server = udpServer(0) { (data, from) -> sendto(data, from) }
                connect(server.address).use { client ->
                    repeat(20) { client.send("$it") }
                    server.stop() shouldBe Receipt(20, 20, 0, 0, 0)
                    repeat(20) { client.recv().decodeToString() shouldBe "$it" }
                    client.send("late")
                    shouldThrow<RefusedException> { client.recv() }
                }
                val stuck = udpServer(0) { delay(Duration.INFINITE) }
                connect(stuck.address).use { it.send("x") }
                stuck.stop(50.milliseconds) shouldBe Receipt(1, 0, 0, 1, 0)
                val block = udpSocket(0) { delay(Duration.INFINITE) }
                block.stop(Duration.ZERO) shouldBe Receipt(1, 0, 0, 1, 0)
            }
        }

        test("what the kernel dropped is told") {
            net {
                bind(udp(0), Option.ReceiveBuffer(4_096)).use { server ->
                    if (!Files.exists(Path.of("/proc/net/udp"))) return@use
                    server.dropped() shouldBe 0
                    connect(server.local).use { client -> repeat(100) { client.send(ByteArray(1_000)) } }
                    var came = 0L
                    while (withTimeoutOrNull(50.milliseconds) { server.recvfrom() } != null) came++
                    came + server.dropped()!! shouldBe 100
                    server.dropped()!! shouldBeGreaterThan 0
                }
            }
        }

        test("100,000 datagrams from 100 senders, some to nobody: it lives, says what it dropped, leaks nothing") {
            net {
                val sockets = sockets()
                var seen = 0L
                val server = udpServer(0) { (data, from) ->
                    seen++
                    if (data.size > 0) sendto(data, from)
                }
                val nobody = bind(udp(0)).let { socket -> socket.local.also { socket.close() } }
                val answers =
                    withContext(Dispatchers.Default) {
                        List(100) { i ->
                            async {
                                connect(if (i % 10 == 9) nobody else server.address).use { burst(it, 1_000) }
                            }
                        }.awaitAll()
                    }
                // Behind all the others in the server's buffer, or dropped as well, and then asked again.
                var asked = 0
                connect(server.address).use {
                    do {
                        it.send("still there")
                        asked++
                        val answer = withTimeoutOrNull(1.seconds) { it.recv() }
                    } while (answer == null)
                }
                val lost = server.dropped() ?: 0
                println(
                    "burst: 90,000 to the server, $seen seen, $lost dropped by the kernel, ${answers.sum()} answers",
                )
                if (server.dropped() != null) seen + lost shouldBe 90_000 + asked
                answers.sum() shouldBeGreaterThan 1_000
                answers.filterIndexed { i, _ -> i % 10 == 9 }.sum() shouldBe 0
                server.stop().failed shouldBe 0
                if (Files.exists(Path.of("/proc/self/fd"))) sockets() shouldBeLessThanOrEqual sockets
            }
        }
    })

private data class MulticastCase(val group: String, val host: String, val source: String, val device: String)

/** IPv4 on the loopback device, and IPv6, for which that has no route, on another one if there's one. */
private val multicastCases: List<MulticastCase>
    get() {
        val four = MulticastCase("239.1.2.3", "0.0.0.0", "127.0.0.1", "lo")
        val device = NetworkInterface.networkInterfaces().toList().firstOrNull {
            it.isUp && it.supportsMulticast() &&
                !it.isLoopback
        }
        val source =
            device?.inetAddresses?.toList()?.firstOrNull { it is Inet6Address && !it.isLinkLocalAddress }
                ?: return listOf(four)
        return listOf(four, MulticastCase("ff02::1234", "::", Ip(ByteString(*source.address)).toString(), device.name))
    }

/** Sends [count] and gives how many answers came; nobody there is no reason to stop. */
private suspend fun burst(socket: DatagramConnection, count: Int): Int = coroutineScope {
    var answers = 0
    val listening =
        launch {
            while (true) {
                try {
                    socket.recv()
                    answers++
                } catch (_: RefusedException) {
                    // Told as often as it was tried.
                }
            }
        }
    for (i in 1..count) {
        try {
            socket.send(i.toString().encodeToByteString())
        } catch (_: RefusedException) {
            // That is an answer to an earlier one, and this one wasn't sent: again.
            socket.sendAgain(i)
        }
    }
    withTimeoutOrNull(100.milliseconds) { listening.join() }
    listening.cancel()
    answers
}

private suspend fun DatagramConnection.sendAgain(i: Int) {
    while (true) {
        try {
            return send(i.toString())
        } catch (_: RefusedException) {
            continue
        }
    }
}

private fun sockets(): Int =
    Files.list(Path.of("/proc/self/fd")).use { all ->
        all.filter {
            runCatching { Files.readSymbolicLink(it).toString() }.getOrDefault("").startsWith("socket:")
        }.count().toInt()
    }

private fun memory(block: suspend Net.() -> Unit): Unit = net(MemoryNetwork(), signals = false, block = block)

/** A network on a loop for each case, driven by the case's own thread. */
internal fun <T> onLoop(
    make: (run: (suspend CoroutineScope.() -> Unit) -> Unit, network: suspend () -> Network) -> T,
): T {
    val current = ThreadLocal<SelectLoop>()
    return make({ case ->
        SelectLoop().use { loop ->
            current.set(loop)
            loop.run { case() }
        }
    }, { NioNetwork(current.get()) })
}
