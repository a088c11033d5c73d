package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.comparables.shouldBeLessThan
import io.kotest.matchers.ranges.shouldBeIn
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import java.lang.management.ManagementFactory
import java.lang.ref.Reference
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** Each limit, what runs into it, and what is told then; in virtual time, so that hours are tried as they are. */
class LimitsTest : FunSpec({
    for (row in timeLimits) {
        test("${row.why}: ${row.case}, cut after ${row.after}") {
            inTime(row.limits) { events ->
                val server = tcpServer(0, name = "patience", handler = row.handler)
                val client = connect(server.address)
                val behaving = launch { untilCut { row.client(client) } }
                val failed = events.first<HandlerFailed>()
                val closed = events.first<Closed>()
                behaving.cancel()
                failed shouldBe HandlerFailed(server.address, client.local, failed.cause, "patience")
                val words = failed.cause.shouldBeInstanceOf<TimedOutException>().message
                words shouldBe "patience: ${server.address} <- ${client.local}: ${row.words}"
                closed.run { why to cause } shouldBe (row.why to failed.cause)
                closed.duration shouldBeIn row.after..row.after * 9 / 8 + 2.seconds
                server.stop() shouldBe Receipt(accepted = 1, finished = 0, failed = 1, cancelled = 0, aborted = 0)
            }
        }
    }

    test("limits that are off cut nobody") {
        inTime(Limits(firstByte = NEVER, idle = NEVER, whole = NEVER, writeStall = NEVER)) {
            val server = tcpServer(0, handler = hear)
            connect(server.address).use {
                delay(1000.days)
                it.isOpen shouldBe true
                server.connections shouldBe 1
            }
            server.stop() shouldBe Receipt(accepted = 1, finished = 1, failed = 0, cancelled = 0, aborted = 0)
        }
    }

    test("connections: at the limit accept waits, and nobody is refused") {
        inTime(Limits(connections = 2)) { events ->
            val server = tcpServer(0) { send("in").also { recv() } }
            val clients = List(3) { connect(server.address) }
            repeat(2) {
                events.first<Accepted>().remote shouldBe clients[it].local
                clients[it].recv()?.text() shouldBe "in"
            }
            delay(1.minutes)
            server.statistics.run { accepted to open } shouldBe (2L to 2)
            clients[0].close()
            events.first<Accepted>().remote shouldBe clients[2].local
            clients[2].recv()?.text() shouldBe "in"
            clients.drop(1).forEach { it.close() }
            server.stop() shouldBe Receipt(accepted = 3, finished = 3, failed = 0, cancelled = 0, aborted = 0)
        }
    }

    test("perAddress: one more is refused, others get in, and who leaves makes room") {
        inTime(Limits(perAddress = 1)) { events ->
            val server = tcpServer(0, name = "door") { recv() }
            val first = from("10.0.0.1", server)
            val refused = from("10.0.0.1", server)
            events.first<Refused>() shouldBe
                Refused(server.address, refused.local, Refusal.PER_ADDRESS, "door")
            refused.isCut() shouldBe true
            val other = from("10.0.0.2", server)
            val subscriber = from("2001:db8::1", server)
            from("2001:db8::2", server)
            events.first<Refused>().why shouldBe Refusal.PER_ADDRESS
            first.close()
            events.first<Closed>()
            val again = from("::ffff:10.0.0.1", server)
            listOf(other, subscriber, again).forEach { it.send("x") }
            server.stop() shouldBe Receipt(4, finished = 4, failed = 0, cancelled = 0, aborted = 0, refused = 2)
        }
    }

    for ((limits, expected) in blocks) {
        test("allow ${limits.allow}, deny ${limits.deny}") {
            inTime(limits) { events ->
                val server = tcpServer(0) { recv() }
                for ((address, isIn) in expected) {
                    val client = from(address, server)
                    if (isIn) {
                        events.first<Accepted>().remote shouldBe client.local
                    } else {
                        events.first<Refused>().run { remote to why } shouldBe (client.local to Refusal.DENIED)
                        client.isCut() shouldBe true
                    }
                    client.close()
                }
                val isIn = expected.count { it.second }.toLong()
                server.stop() shouldBe Receipt(isIn, isIn, 0, 0, 0, refused = expected.size - isIn)
            }
        }
    }

    test("acceptRate: a second's worth at once, then one at a time; told once") {
        inTime(Limits(acceptRate = 10)) { events ->
            val server = tcpServer(0, name = "paced") {}
            val began = network.time.markNow()
            repeat(30) { connect(server.address) }
            repeat(10) { events.first<Accepted>() }
            began.elapsedNow() shouldBe Duration.ZERO
            events.first<AcceptPaused>() shouldBe AcceptPaused(server.address, 100.milliseconds, null, "paced")
            repeat(20) {
                events.first<Accepted>()
                began.elapsedNow() shouldBe 100.milliseconds * (it + 1)
            }
            delay(1.minutes)
            val again = network.time.markNow()
            repeat(10) { connect(server.address) }
            repeat(10) { events.first<Accepted>() }
            again.elapsedNow() shouldBe Duration.ZERO
            server.stop().accepted shouldBe 40
            events.all.filterIsInstance<AcceptPaused>().size shouldBe 2
        }
    }

    test("backlog, connect: who finds no room in time is told so") {
        inTime(Limits(connections = 1, backlog = 1, connect = 3.seconds)) {
            val server = tcpServer(0) { recv() }
            val clients = List(2) { connect(server.address) }
            val began = network.time.markNow()
            shouldThrow<TimedOutException> { connect(server.address) }
            began.elapsedNow() shouldBe 3.seconds
            clients.forEach { it.close() }
            server.stop()
        }
    }

    test("drain: who goes on after that is cancelled, and all of it is told") {
        inTime(Limits(drain = 5.seconds)) { events ->
            val before = CompletableDeferred<Boolean>()
            val after = CompletableDeferred<Boolean>()
            val server = tcpServer(0, name = "slow") {
                launch {
                    awaitDraining()
                    send("bye")
                }
                before.complete(draining)
                recv()
                after.complete(draining)
                delay(1.minutes)
            }
            val client = connect(server.address)
            before.await() shouldBe false
            val began = network.time.markNow()
            val receipt = server.stop()
            began.elapsedNow() shouldBe 5.seconds
            after.await() shouldBe true
            receipt shouldBe Receipt(accepted = 1, finished = 0, failed = 0, cancelled = 1, aborted = 0)
            client.recv()?.text() shouldBe "bye"
            events.first<Draining>() shouldBe Draining(server.address, 1, 5.seconds, "slow")
            events.first<Closed>().run { why to sent } shouldBe (Why.CANCELLED to 3L)
            events.first<Drained>() shouldBe Drained(server.address, receipt, "slow")
        }
    }

    test("over TCP, whose kernel takes a while to be full: a peer that reads nothing is reset") {
        val limits = Limits(writeStall = 100.milliseconds)
        val events = Story()
        net(limits = limits, events = events) {
            val server = tcpServer(0, handler = flood)
            connect(server.address).use { client ->
                events.first<Closed>().why shouldBe Why.WRITE_STALL
                shouldThrow<BrokenException> { while (client.recv() != null) continue }
            }
            server.stop().failed shouldBe 1
        }
    }

    test("a slow peer isn't taken for one that takes nothing, although the kernel doesn't tell") {
        net {
            val taken = CompletableDeferred<Connection>()
            val server = tcpServer(0) {
                taken.complete((this as Served).connection)
                flood()
            }
            connect(server.address).use { client ->
                val far = taken.await()
                var before = -1L
                while (far.sent != before || !(far as Stalls).isSendWaiting) before = far.sent.also { yield() }
                // Much less than the third of its buffers that the kernel would tell of.
                client.recvExactly(100_000)
                while (far.sent == before) (far as Stalls).sendAgain().also { yield() }
            }
            server.stop().failed shouldBe 1
        }
    }

    test("over TCP and Unix sockets: who says nothing is hung up on, and may go on to the end of its sentence") {
        val events = Story()
        net(limits = Limits(idle = 100.milliseconds), events = events) {
            for (server in listOf(tcpServer(0, handler = hear), unixSocket("${tempdir()}/s", handler = hear))) {
                connect(server.address).use { client ->
                    client.recv() shouldBe null
                    client.shutdown(Direction.WRITE)
                    events.first<Closed>().why shouldBe Why.IDLE
                }
                server.stop().failed shouldBe 1
            }
        }
    }

    test("a handler that won't end when its time is over loses its connection all the same, and is reported") {
        inTime(Limits(idle = 1.minutes, connections = 1)) { events ->
            val release = CompletableDeferred<Unit>()
            val server = tcpServer(0, name = "deaf") { withContext(NonCancellable) { release.await() } }
            connect(server.address)
            val failed = events.first<HandlerFailed>()
            failed.cause.message shouldContain "its handler still runs 1s after it was cancelled"
            events.first<Closed>().why shouldBe Why.IDLE
            server.connections shouldBe 0
            connect(server.address)
            events.first<Accepted>()
            release.complete(Unit)
            server.stop() shouldBe Receipt(accepted = 2, finished = 1, failed = 1, cancelled = 0, aborted = 0)
        }
    }

    test("what a handler launched ends with it; what won't is reported, and keeps neither connection nor permit") {
        inTime(Limits(connections = 1)) { events ->
            val (begun, release) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
            val server = tcpServer(0, name = "leaky") {
                val stubborn = recv() != null
                launch {
                    begun.complete(Unit)
                    if (stubborn) withContext(NonCancellable) { release.await() } else awaitCancellation()
                }
                begun.await()
            }
            val client = connect(server.address)
            client.send("x")
            val failed = events.first<HandlerFailed>()
            failed.cause.message shouldBe "leaky: ${server.address} <- ${client.local}: " +
                "what its handler launched still runs 1s after it was cancelled"
            events.first<Closed>().run { remote to why } shouldBe (client.local to Why.FAILED)
            client.isCut() shouldBe true
            server.connections shouldBe 0
            connect(server.address).close()
            events.first<Closed>().why shouldBe Why.FINISHED
            release.complete(Unit)
            server.stop() shouldBe Receipt(accepted = 2, finished = 1, failed = 1, cancelled = 0, aborted = 0)
            events.all.filterIsInstance<HandlerFailed>().size shouldBe 1
        }
    }

    test("the memory that connections take stays below what the limits say") {
        val count = 500
        val limits = Limits(connections = count)
        net(limits = limits) {
            val full = Channel<Unit>(Channel.UNLIMITED)
            val server = tcpServer(0) {
                val held: ByteString? = recvExactly(DEFAULT_RECV)
                full.send(Unit)
                awaitCancellation().also { Reference.reachabilityFence(held) }
            }
            val before = usedMemory()
            val bytes = ByteArray(DEFAULT_RECV)
            val clients = List(count) { connect(server.address).also { it.send(bytes) } }
            repeat(count) { full.receive() }
            // The clients' ends are on this loop as well, and cost something too.
            usedMemory() - before shouldBeLessThan limits.memory()
            clients.forEach { it.close() }
            server.stop(Duration.ZERO)
        }
        limits.memory() shouldBeLessThan Limits(connections = count + 1).memory()
        Limits(connections = 1).memory(loops = 1) shouldBeLessThan Limits(connections = 1).memory(loops = 2)
    }

    for ((message, make) in broken) {
        test("refused: $message") { shouldThrow<IllegalArgumentException> { make() }.message shouldBe message }
    }
})

/** A way to run into a limit on time: what both sides do, and how long the connection is to be left alone. */
private class Row(
    val why: Why,
    val case: String,
    val after: Duration,
    val words: String,
    val handler: Handler,
    val limits: Limits = Limits(),
    val client: suspend Connection.() -> Unit,
)

private val NEVER = Duration.INFINITE

private val hear: Handler = { while (recv() != null) continue }

private val flood: Handler = {
    val piece = ByteArray(10_000)
    while (true) send(piece)
}

private val silence: suspend Connection.() -> Unit = { awaitCancellation() }

private val timeLimits = listOf(
    Row(Why.FIRST_BYTE, "silence", 5.minutes, "no byte within Limits.firstByte = 5m", hear, client = silence),
    Row(
        Why.FIRST_BYTE,
        "less patience",
        10.seconds,
        "no byte within Limits.firstByte = 10s",
        hear,
        Limits(firstByte = 10.seconds),
        silence,
    ),
    Row(Why.IDLE, "one word, then silence", 2.hours, "no further byte for Limits.idle = 2h", hear) {
        send("x")
        awaitCancellation()
    },
    Row(
        Why.IDLE,
        "a greeting is a byte as well",
        2.hours,
        "no further byte for Limits.idle = 2h",
        handler = { send("welcome").also { recv() } },
        client = silence,
    ),
    Row(Why.IDLE, "a word now and then", 11.hours + 45.minutes, "no further byte for Limits.idle = 2h", hear) {
        repeat(6) {
            send("still here")
            delay(1.hours + 57.minutes)
        }
        awaitCancellation()
    },
    Row(
        Why.IDLE,
        "a handler that waits for something else",
        1.minutes,
        "no further byte for Limits.idle = 1m",
        { awaitCancellation() },
        Limits(idle = 1.minutes),
    ) {
        send("nobody reads it")
        awaitCancellation()
    },
    Row(
        Why.WHOLE,
        "however busy",
        1.hours,
        "open for Limits.whole = 1h",
        hear,
        Limits(whole = 1.hours),
    ) {
        while (true) {
            send("x")
            delay(1.seconds)
        }
    },
    Row(
        Why.WRITE_STALL,
        "reads nothing",
        1.minutes,
        "the peer took nothing for Limits.writeStall = 1m",
        flood,
        client = silence,
    ),
    Row(
        Why.WRITE_STALL,
        "a byte every 55 seconds, every 5 seconds, no more",
        30.minutes + 55.seconds,
        "the peer took nothing for Limits.writeStall = 1m",
        flood,
    ) {
        for (pause in listOf(55.seconds, 5.seconds)) {
            repeat(30) {
                recv(1)
                delay(pause)
            }
        }
        awaitCancellation()
    },
)

private val blocks = listOf(
    Limits(deny = cidrs("10.0.0.0/8")) to listOf("10.1.2.3" to false, "::ffff:10.1.2.3" to false, "127.0.0.1" to true),
    Limits(allow = cidrs("10.0.0.0/8", "2001:db8::/32")) to
        listOf("10.1.2.3" to true, "2001:db8:1::1" to true, "11.0.0.1" to false, "2001:db9::1" to false),
    Limits(allow = cidrs("10.0.0.0/8"), deny = cidrs("10.9.0.0/16")) to
        listOf("10.1.2.3" to true, "10.9.2.3" to false, "11.0.0.1" to false),
)

private fun cidrs(vararg blocks: String) = blocks.map(Cidr::parse)

private val broken = listOf(
    "connections >= 1, was 0" to { Limits(connections = 0) },
    "backlog >= 1, was -1" to { Limits(backlog = -1) },
    "connect > 0, was 0s" to { Limits(connect = Duration.ZERO) },
    "drain >= 0, was -1s" to { Limits(drain = (-1).seconds) },
    "linger >= 0, was -1s" to { Limits(linger = (-1).seconds) },
    "hold > 0, was 0s" to { Limits(hold = Duration.ZERO) },
    "perAddress >= 1, was 0" to { Limits(perAddress = 0) },
    "acceptRate >= 1, was 0" to { Limits(acceptRate = 0) },
    "firstByte > 0, was 0s" to { Limits(firstByte = Duration.ZERO) },
    "idle > 0, was -5m" to { Limits(idle = (-5).minutes) },
    "whole > 0, was 0s" to { Limits(whole = Duration.ZERO) },
    "writeStall > 0, was 0s" to { Limits(writeStall = Duration.ZERO) },
    "loops >= 1, was 0" to { Limits().memory(loops = 0) },
)

/** Runs [block] as `net` would, in memory and in virtual time, and gives it what is told. */
private fun inTime(limits: Limits, block: suspend Net.(Story) -> Unit) = runTest {
    val events = Story()
    val clock = testScheduler.timeSource
    val network = object : Network by MemoryNetwork() {
        override val time: TimeSource get() = clock
    }
    coroutineScope { Net(network, limits, events, coroutineContext).block(events) }
}

private suspend fun untilCut(behaviour: suspend () -> Unit) = try {
    behaviour()
} catch (_: BrokenException) {
    // That is what it is here for.
}

private suspend fun Net.from(host: String, server: Server): Connection = bind(tcp(host, 0)).connect(server.address)

private suspend fun Connection.isCut(): Boolean = try {
    recv() == null
} catch (_: BrokenException) {
    true
}

private fun usedMemory(): Long {
    repeat(3) { System.gc() }
    return ManagementFactory.getMemoryMXBean().heapMemoryUsage.used
}
