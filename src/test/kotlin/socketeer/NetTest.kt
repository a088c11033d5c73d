package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.decodeToString
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class NetTest :
    FunSpec({
        val echo: Handler = { while (true) send(recv() ?: break) }

        test("the three-line server echoes") {
            net {
                val server = tcpServer(0, handler = echo)
                connect(server.address).use {
                    it.send("hello")
                    it.recv()?.decodeToString() shouldBe "hello"
                    it.shutdown(Direction.WRITE)
                    it.recv() shouldBe null
                    it.recv() shouldBe null
                }
                server.stop() shouldBe Receipt(1, 1, 0, 0, 0)
            }
        }

        test("the verbs one by one") {
            net {
                val bound = bind(tcp("localhost", 0))
                shouldThrow<RefusedException> { connect(bound.local) }
                val listener = bound.listen(8)
                shouldThrow<AddressInUseException> { bind(listener.local) }.message shouldContain "in use"
                launch { listener.accept().use { it.send(it.recvExactly(3)!!) } }
                connect(listener.local).use {
                    it.send("a")
                    it.send("bcd")
                    it.recvExactly(3)?.decodeToString() shouldBe "abc"
                }
                listener.close()
                bind(listener.local).close()
            }
        }

        test("a receive that timed out leaves the socket usable") {
            net {
                val server = tcpServer(0, handler = echo)
                connect(server.address).use {
                    withTimeoutOrNull(1.milliseconds) { it.recv() } shouldBe null
                    it.send("x")
                    it.recv()?.decodeToString() shouldBe "x"
                    withContext(Dispatchers.IO) {
                        withTimeoutOrNull(1.milliseconds) { it.recv() } shouldBe null
                        it.send("from elsewhere")
                        it.recv()?.decodeToString() shouldBe "from elsewhere"
                    }
                }
                server.stop()
            }
        }

        test("several loops") {
            net(loops = 3) {
                val server = tcpServer(0, handler = echo)
                List(20) { i ->
                    launch {
                        connect(server.address).use {
                            it.send("$i")
                            it.recv()?.decodeToString() shouldBe "$i"
                        }
                    }
                }.forEach { it.join() }
                server.stop().accepted shouldBe 20
            }
        }

        test("stopping at once cancels handlers that wait") {
            net {
                val server = tcpServer(0) { delay(Duration.INFINITE) }
                connect(server.address).use { client ->
                    client.send("x")
                    while (server.connections == 0) delay(1.milliseconds)
                    server.stop(Duration.ZERO) shouldBe Receipt(1, 0, 0, 1, 0)
                }
            }
        }

        test("a handler that holds the loop is reported with its name, its connection and its stack") {
            val events = java.util.concurrent.LinkedBlockingQueue<LoopBlocked>()
            net(limits = Limits(hold = 20.milliseconds), events = { if (it is LoopBlocked) events += it }) {
                val server =
                    tcpServer(0, name = "holder") {
                        recv()
                        events.take().let(events::add)
                    }
                connect(server.address).use {
                    it.send("x")
                    it.recv() shouldBe null
                }
                server.stop()
            }
            val blocked = events.take()
            blocked.holder shouldContain "holder: 127.0.0.1:"
            blocked.stack.joinToString() shouldContain "NetTest"
        }
    })
