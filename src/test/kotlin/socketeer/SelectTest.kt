package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.onTimeout
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.decodeToString
import socketeer.loop.SelectLoop
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds

/** Python's select.select: wait for the first of several sockets, and lose nothing on the others. */
@OptIn(ExperimentalCoroutinesApi::class)
class SelectTest : FunSpec({
    test("the first of several: receive, accept, datagram, time") {
        net {
            val listener = bind(tcp(0)).listen()
            val (a, b) = socketPair()
            val udp = bind(udp(0))

            suspend fun first(): String = select {
                listener.onAccept {
                    it.close()
                    "accepted"
                }
                a.onRecv { "received ${it?.decodeToString()}" }
                udp.onRecvfrom { "datagram ${it.data.decodeToString()}" }
                onTimeout(50.milliseconds) { "nothing" }
            }
            first() shouldBe "nothing"
            b.send("1")
            first() shouldBe "received 1"
            udp.sendto("2", udp.local)
            first() shouldBe "datagram 2"
            connect(listener.local).use { first() shouldBe "accepted" }
            first() shouldBe "nothing"
            b.close()
            first() shouldBe "received null"
            first() shouldBe "received null"
            a.close()
            shouldThrow<ClosedException> { first() }
        }
    }

    for (elsewhere in listOf(false, true)) {
        test("what loses is received afterwards, in order, byte by byte${if (elsewhere) ", from elsewhere" else ""}") {
            net {
                val (a, b) = socketPair()
                val (c, d) = socketPair()
                val said = ByteArray(20_000) { it.toByte() }
                val sides = listOf(b, d).map {
                    launch {
                        for (part in said.asList().chunked(7)) {
                            it.send(part.toByteArray())
                            yield()
                        }
                    }
                }
                val heard = listOf(ArrayList<Byte>(), ArrayList())
                val random = Random(1)
                withContext(if (elsewhere) Dispatchers.Default else coroutineContext) {
                    while (heard.any { it.size < said.size }) {
                        select {
                            a.onRecv { heard[0] += it!!.toByteArray().asList() }
                            c.onRecv { heard[1] += it!!.toByteArray().asList() }
                            if (random.nextBoolean()) onTimeout(0) {}
                        }
                        // A plain receive in between takes what a losing clause was offered.
                        if (random.nextInt(3) == 0 &&
                            heard[0].size < said.size
                        ) {
                            heard[0] += a.recv(5)!!.toByteArray().asList()
                        }
                    }
                }
                sides.forEach { it.join() }
                for (all in heard) all.toByteArray().contentEquals(said) shouldBe true
                listOf(a, b, c, d).forEach { it.close() }
            }
        }
    }

    test("cancelled selects lose nothing either") {
        net {
            val (a, b) = socketPair()
            val udp = bind(udp(0))
            val listener = bind(tcp(0)).listen()
            repeat(200) {
                val waiting = launch {
                    select {
                        a.onRecv {}
                        udp.onRecvfrom {}
                        listener.onAccept {}
                    }
                }
                repeat(it % 4) { yield() }
                waiting.cancelAndJoin()
            }
            val lost = launch { select { a.onRecv { error("cancelled before it came") } } }
            yield()
            b.send("x")
            lost.cancelAndJoin()
            a.recv()?.decodeToString() shouldBe "x"
            udp.sendto("y", udp.local)
            udp.recvfrom().data.decodeToString() shouldBe "y"
            val client = connect(listener.local)
            listener.accept().close()
            client.close()
        }
    }

    test("accepted for a select that took something else: the next accept has it; close ends it") {
        net {
            val listener = bind(tcp(0)).listen()
            val (a, b) = socketPair()
            suspend fun first() = select {
                a.onRecv { "received" }
                listener.onAccept {
                    it.close()
                    "accepted"
                }
            }
            b.send("x")
            val clients = List(3) { connect(listener.local) }
            first() shouldBe "received"
            repeat(2) { listener.accept().close() }
            first() shouldBe "accepted"
            val more = connect(listener.local)
            b.send("x")
            first() shouldBe "received"
            listener.close()
            runCatching { more.recv() }.getOrNull() shouldBe null
            (clients + more).forEach { it.close() }
        }
    }

    test("the loop tells what it runs on") {
        SelectLoop().use { if (System.getProperty("os.name") == "Linux") it.mechanism shouldBe "epoll" }
    }

    test("in memory there is no such clause, and that is said") {
        val (a, _) = memoryPair()
        shouldThrow<UnsupportedException> { a.onRecv }
    }
})
