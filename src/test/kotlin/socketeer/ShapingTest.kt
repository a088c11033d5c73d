package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.longs.shouldBeInRange
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.onTimeout
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.test.testTimeSource
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer
import java.nio.file.Files
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds

/** Rates and what they make of a connection, in virtual time; shaped connections keep the laws in [ConformanceTest]. */
@OptIn(ExperimentalCoroutinesApi::class)
class ShapingTest : FunSpec({
    context("a rate, as a pure function of time") {
        test("never more than it says, whoever takes when: in no stretch of time") {
            val random = Random(5)
            repeat(300) {
                val rate = anyRate(random)
                var full = 0L
                var now = 0L
                val taken = ArrayList<Pair<Long, Int>>()
                repeat(30) {
                    val n = random.nextInt(0, rate.room(full, now) + 1)
                    full = rate.taken(full, n, now)
                    taken += now to n
                    now += random.nextLong(0, rate.per.inWholeNanoseconds)
                }
                for (from in taken.indices) {
                    var sum = 0L
                    for (to in from..taken.lastIndex) {
                        sum += taken[to].second
                        val stretch = (taken[to].first - taken[from].first).toDouble() / rate.per.inWholeNanoseconds
                        withClue("$rate from $from to $to of $taken") {
                            (sum <= rate.amount * (1 + stretch) + 1e-6 * sum) shouldBe true
                        }
                    }
                }
            }
        }

        test("after the wait there is room, and not a nanosecond before") {
            val random = Random(6)
            repeat(20_000) {
                val rate = anyRate(random)
                val now = random.nextLong(0, 1L shl 40)
                val full = now + random.nextLong(-1_000, 2 * rate.per.inWholeNanoseconds)
                val n = random.nextInt(1, minOf(rate.amount, Rate.AT_ONCE.toLong()).toInt() + 1)
                val wait = rate.wait(full, n, now)
                withClue("$rate: $n at $now, full at $full, after $wait") {
                    (rate.room(full, now + wait) >= n) shouldBe true
                    if (wait > 0) (rate.room(full, now + wait - 1) < n) shouldBe true
                }
            }
        }

        test("it all passes in time: a taker that waits as told gets the rate, to a nanosecond a take") {
            val random = Random(7)
            repeat(500) {
                val rate = anyRate(random)
                var full = 0L
                var now = 0L
                val n = minOf(rate.amount, 1 + random.nextLong(Rate.AT_ONCE.toLong())).toInt()
                repeat(100) {
                    now += rate.wait(full, n, now)
                    full = rate.taken(full, n, now)
                }
                val least = (100.0 * n / rate.amount - 1) * rate.per.inWholeNanoseconds
                withClue("$rate, 100 times $n") { (now <= maxOf(0.0, least) + 100 + 1e-9 * now) shouldBe true }
            }
        }

        test("bounds, each named") {
            val refused = mapOf<() -> Rate, String>(
                { 0 per 1.seconds } to "a rate's amount is 1..1099511627776, was 0",
                { Rate((1L shl 40) + 1, 1.seconds) } to "a rate's amount is 1..1099511627776, was 1099511627777",
                { 1 per 999.nanoseconds } to "a rate's time is 1us..1d, was 999ns",
                { 1 per 1.days + 1.nanoseconds } to "a rate's time is 1us..1d, was ${1.days + 1.nanoseconds}",
            )
            for ((make, why) in refused) shouldThrow<IllegalArgumentException> { make() }.message shouldBe why
            (512.kiB per 1.seconds) shouldBe Rate(524_288, 1.seconds)
            3.MiB shouldBe 3_145_728
        }
    }

    context("a throttle") {
        test("ten at once, then one each tenth of a second, first come first") {
            runTest {
                val throttle = Throttle(10 per 1.seconds, testTimeSource)
                val times = List(25) {
                    async {
                        throttle.take()
                        currentTime
                    }
                }.map { it.await() }
                times shouldBe List(10) { 0L } + List(15) { 100L * (it + 1) }
            }
        }

        test("silence fills it again, and never above its amount") {
            runTest {
                val throttle = Throttle(2 per 1.seconds, testTimeSource)
                repeat(2) { throttle.take() }
                delay(1.minutes)
                repeat(3) { throttle.take() }
                currentTime shouldBe 60_500
            }
        }

        test("a take that is cancelled while it waits has taken nothing") {
            runTest {
                val throttle = Throttle(1 per 1.seconds, testTimeSource)
                throttle.take()
                repeat(50) {
                    val waiting = launch(start = CoroutineStart.UNDISPATCHED) { throttle.take() }
                    waiting.cancelAndJoin()
                }
                throttle.take()
                currentTime shouldBe 1_000
            }
        }
    }

    context("bytes a second") {
        for ((what, receive) in RECEIVES) {
            test("received by $what: 1 MiB at 64 KiB a second, the first 64 at once") {
                runTest {
                    val (client, served) = met()
                    launch { client.send(PAYLOAD) }
                    shaped(receive = 64.kiB per 1.seconds, time = testTimeSource) {
                        val all = ArrayList<Byte>()
                        while (all.size < PAYLOAD.size) all += receive(PAYLOAD.size - all.size)!!.asList()
                        all.toByteArray().contentEquals(PAYLOAD) shouldBe true
                    }(served)
                    currentTime.shouldBeInRange(15_000L..15_100L)
                }
            }
        }

        test("sent: the same, and what is sent the other way isn't slowed") {
            runTest {
                val (client, served) = met()
                launch { client.recvExactly(PAYLOAD.size)!!.toByteArray().contentEquals(PAYLOAD) shouldBe true }
                shaped(send = 64.kiB per 1.seconds, time = testTimeSource) {
                    client.send("ping")
                    recvExactly(4)?.text() shouldBe "ping"
                    currentTime shouldBe 0
                    send(PAYLOAD)
                    send("")
                }(served)
                currentTime.shouldBeInRange(15_000L..15_100L)
            }
        }

        test("a file that is sent, too") {
            val file = Files.createTempFile("shaped", ".bytes")
            Files.write(file, PAYLOAD)
            runTest {
                val (client, served) = met()
                val got = async { client.recvExactly(PAYLOAD.size - 100) }
                val shaped = served.shaped(send = 64.kiB per 1.seconds, time = testTimeSource)
                shaped.sendFile(file, 100) shouldBe PAYLOAD.size - 100
                got.await()!!.toByteArray().contentEquals(PAYLOAD.copyOfRange(100, PAYLOAD.size)) shouldBe true
                currentTime.shouldBeInRange(14_900L..15_100L)
            }
            Files.delete(file)
        }

        test("a shorter time is smoother: never more at once than it says") {
            runTest {
                val (client, served) = met()
                launch { client.send(ByteArray(64_000)) }
                shaped(receive = 640 per 10.milliseconds, time = testTimeSource) {
                    var got = 0L
                    while (got < 64_000) {
                        got += recv()!!.size
                        (got <= 640 + 64 * currentTime) shouldBe true
                    }
                    currentTime.shouldBeInRange(989L..1_010L)
                }(served)
            }
        }

        test("what was looked at and put back passes once") {
            runTest {
                val (client, served) = met()
                client.send(ByteArray(2_000))
                shaped(receive = 1_000 per 1.seconds, time = testTimeSource) {
                    peek(1_000)!!.size shouldBe 1_000
                    unread(recvExactly(1_000)!!)
                    recvExactly(1_000)
                    val waited = currentTime
                    recvExactly(1_000)
                    (currentTime <= waited + 1_100) shouldBe true
                }(served)
            }
        }

        test("the peer waits: nothing is taken in ahead of its time") {
            runTest {
                val (client, served) = met()
                val sending = launch { client.send(PAYLOAD) }
                val shaped = served.shaped(receive = 1.kiB per 1.seconds, time = testTimeSource)
                shaped.recv()
                delay(1.minutes)
                sending.isActive shouldBe true
                served.received shouldBe 1_024
                sending.cancelAndJoin()
            }
        }
    }

    context("receives a second") {
        test("ten at once, then ten a second; the end isn't one") {
            runTest {
                val (client, served) = met()
                launch {
                    client.send(ByteArray(30))
                    client.close()
                }
                shaped(receives = 10 per 1.seconds, time = testTimeSource) {
                    repeat(30) { recv(1) }
                    currentTime shouldBe 2_000
                    recv()
                }(served)
            }
        }

        test("a receive that is given up hasn't counted") {
            runTest {
                val (client, served) = met()
                val shaped = served.shaped(receives = 1 per 1.seconds, time = testTimeSource)
                repeat(5) { withTimeoutOrNull(1.milliseconds) { shaped.recv() } }
                client.send("x")
                shaped.recv()?.text() shouldBe "x"
                currentTime shouldBe 5
            }
        }
    }

    context("select") {
        test("keeps to the rate and loses nothing, plain receives in between") {
            runTest {
                val (client, served) = met()
                launch {
                    client.send(PAYLOAD)
                    client.close()
                }
                shaped(receive = 64.kiB per 1.seconds, time = testTimeSource) {
                    val all = ArrayList<Byte>()
                    val random = Random(8)
                    var over = false
                    while (!over) {
                        select {
                            onRecv { if (it == null) over = true else all += it.toByteArray().asList() }
                            onTimeout(random.nextLong(200)) {}
                        }
                        if (random.nextInt(3) == 0) over = recv(9)?.also { all += it.toByteArray().asList() } == null
                    }
                    all.toByteArray().contentEquals(PAYLOAD) shouldBe true
                    currentTime.shouldBeInRange(15_000L..15_500L)
                }(served)
            }
        }

        test("cancelled, it has lost nothing") {
            runTest {
                val (client, served) = met()
                val shaped = served.shaped(receive = 10 per 1.seconds, time = testTimeSource)
                val got = StringBuilder()
                repeat(20) {
                    val waiting =
                        launch(start = CoroutineStart.UNDISPATCHED) {
                            select { shaped.onRecv { got.append(it!!.text()) } }
                        }
                    if (it % 3 == 0) client.send("$it,")
                    repeat(it % 4) { yield() }
                    waiting.cancelAndJoin()
                }
                client.close()
                while (true) got.append((shaped.recv() ?: break).text())
                "$got" shouldBe "0,3,6,9,12,15,18,"
            }
        }

        test("an end, a reset and a close are told, and stay") {
            runTest {
                val (client, served) = met()
                val shaped = served.shaped(receive = 10 per 1.seconds, time = testTimeSource)
                client.shutdown(Direction.WRITE)
                repeat(2) { select { shaped.onRecv { it shouldBe null } } }
                val waiting = async { runCatching { select { shaped.onRecv {} } }.exceptionOrNull() }
                waiting.await() shouldBe null
                client.abort()
                shaped.close()
                repeat(2) { shouldThrow<ClosedException> { select { shaped.onRecv {} } } }

                val (other, broken) = met()
                val slow = broken.shaped(receive = 10 per 1.seconds, time = testTimeSource)
                val told = async(start = CoroutineStart.UNDISPATCHED) { runCatching { select { slow.onRecv {} } } }
                other.abort()
                (told.await().exceptionOrNull() is BrokenException) shouldBe true
                shouldThrow<BrokenException> { slow.recv() }
            }
        }

        test("a close wakes it") {
            runTest {
                val (_, served) = met()
                val shaped = served.shaped(receive = 10 per 1.seconds, time = testTimeSource)
                val waiting = async(start = CoroutineStart.UNDISPATCHED) { runCatching { select { shaped.onRecv {} } } }
                delay(1.milliseconds)
                shaped.close()
                (waiting.await().exceptionOrNull() is ClosedException) shouldBe true
            }
        }
    }

    context("while it waits for its time") {
        test("a close wakes it at once") {
            for ((what, call) in SLOW) {
                runTest {
                    val (client, served) = met()
                    val shaped = served.shaped(1 per 1.days, 1 per 1.days, time = testTimeSource)
                    client.send("xx")
                    shaped.recv()
                    shaped.send("x")
                    val waiting = async(start = CoroutineStart.UNDISPATCHED) { runCatching { call(shaped) } }
                    delay(1.milliseconds)
                    shaped.close()
                    withClue(what) { (waiting.await().exceptionOrNull() is ClosedException) shouldBe true }
                    currentTime shouldBe 1
                }
            }
        }

        test("a second one is Busy at once, and a send isn't cut by the end of sending") {
            for ((what, call) in SLOW) {
                runTest {
                    val (client, served) = met()
                    val shaped = served.shaped(1 per 1.seconds, 1 per 1.seconds, time = testTimeSource)
                    client.send("xx")
                    shaped.recv()
                    shaped.send("x")
                    val waiting = async(start = CoroutineStart.UNDISPATCHED) { runCatching { call(shaped) } }
                    withClue(what) {
                        shouldThrow<BusyException> { call(shaped) }
                        if (what == "send") shouldThrow<BusyException> { shaped.shutdown(Direction.WRITE) }
                        if (what != "send") shouldThrow<BusyException> { shaped.onRecv }
                        waiting.await().isSuccess shouldBe true
                    }
                    currentTime.shouldBeInRange(900L..1_100L)
                }
            }
        }

        test("cancelled, it has lost nothing, and the next one goes on") {
            runTest {
                val (client, served) = met()
                val shaped = served.shaped(1 per 1.seconds, 1 per 1.seconds, time = testTimeSource)
                client.send("abc")
                shaped.recv()?.text() shouldBe "a"
                repeat(3) { withTimeoutOrNull(10.milliseconds) { shaped.recvExactly(2) } shouldBe null }
                shaped.recvExactly(2)?.text() shouldBe "bc"
                val buffer = ByteBuffer.wrap("xyz".encodeToByteArray())
                withTimeoutOrNull(1_500.milliseconds) { shaped.send(buffer) } shouldBe null
                buffer.position() shouldBe 2
                buffer.limit() shouldBe 3
                shaped.send(buffer)
                client.recvExactly(3)?.text() shouldBe "xyz"
            }
        }
    }

    test("no rate is no limit, and no wrapper") {
        val (a, _) = memoryPair()
        (a.shaped() === a) shouldBe true
    }

    test("on a server, over TCP, where time is real: every byte, both ways, in select too") {
        net {
            val server = tcpServer(
                0,
                handler = shaped(receive = 1.MiB per 10.milliseconds, send = 1.MiB per 10.milliseconds) {
                    while (true) send(select<ByteString?> { onRecv { it } } ?: break)
                },
            )
            connect(server.address).use { client ->
                launch {
                    client.send(PAYLOAD)
                    client.shutdown(Direction.WRITE)
                }
                val all = ArrayList<Byte>()
                while (true) all += (client.recv() ?: break).toByteArray().asList()
                all.toByteArray().contentEquals(PAYLOAD) shouldBe true
            }
            server.stop().finished shouldBe 1
        }
    }
})

private val PAYLOAD = Random(9).nextBytes(1 shl 20)

private val RECEIVES = listOf<Pair<String, suspend Connection.(Int) -> ByteArray?>>(
    "recv" to { recv()?.toByteArray() },
    "recvExactly" to { recvExactly(it)?.toByteArray() },
    "recvInto" to {
        val buffer = ByteBuffer.allocate(100_000)
        recvInto(buffer)
        buffer.array().copyOf(buffer.position())
    },
    "peek" to { n ->
        peek(minOf(n, 300_000))
        recvExactly(minOf(n, 300_000))?.toByteArray()
    },
    "select" to { select { onRecv { it?.toByteArray() } } },
)

private val SLOW = listOf<Pair<String, suspend (Connection) -> Any?>>(
    "recv" to { it.recv() },
    "recvExactly" to { it.recvExactly(1) },
    "recvInto" to { it.recvInto(ByteBuffer.allocate(1)) },
    "peek" to { it.peek(1) },
    "send" to { it.send("x") },
)

private fun anyRate(random: Random): Rate {
    val amount = 1 + (random.nextLong(1L shl 40) shr random.nextInt(41))
    val per = listOf<Duration>(1.microseconds, 1.milliseconds, 1.seconds, 7.seconds, 1.minutes, 1.days).random(random)
    return amount per per
}

/** A connection and its accepted end, what is launched on them in the test's time too. */
private suspend fun met(): Pair<Connection, Connection> {
    val network = MemoryNetwork()
    val listener = network.bind(tcp("192.0.2.80", 80)).listen()
    return network.connect(listener.local) to listener.accept()
}
