package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.types.shouldBeInstanceOf
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runTest
import kotlinx.io.bytestring.ByteString
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** A server behind a proxy: who may send a header, who must, and what becomes of it. In memory, in virtual time. */
@OptIn(ExperimentalCoroutinesApi::class)
class ProxiedTest : FunSpec({
    context("whose connection it is") {
        for ((what, from, said, expected) in CASES) {
            test("$what, from $from") {
                for (piece in listOf(1, 5, 10_000)) runTest { seen(from, said, piece) shouldBe expected }
            }
        }
    }

    context("and when") {
        for ((what, said) in listOf("nothing" to "", "a beginning" to "PROXY TCP4 1.2.3.4")) {
            test("$what within the deadline: the connection ends then, and not before") {
                runTest {
                    seen(TRUSTED, ascii(said), ends = false, deadline = 3.seconds) shouldBe
                        "TimedOutException: PROXY header from $TRUSTED: not there after 3s"
                    currentTime shouldBe 3_000
                }
            }
        }

        test("the last byte just in time, and the handler may then take as long as it likes") {
            runTest {
                val (client, served) = met(TRUSTED)
                launch {
                    client.send("PROXY UNKNOWN\r")
                    delay(2_999.milliseconds)
                    client.send("\n")
                    delay(1.seconds)
                    client.send("hello")
                }
                proxied(BLOCKS, 3.seconds) { recv()?.text() shouldBe "hello" }(served)
                currentTime shouldBe 3_999
            }
        }
    }

    test("what the proxy said is at hand in whatever wraps the connection, and nowhere else") {
        runTest {
            val (client, served) = met(TRUSTED)
            val header = ProxyHeader(tcp("192.0.2.1", 1), tcp("192.0.2.2", 2), listOf(ProxyTlv(0xE0, ascii("x"))))
            client.send(proxyV2(checksum = true).encode(header))
            served.proxyHeader shouldBe null
            proxied(BLOCKS, handler = shaped(receive = 1.MiB per 1.seconds) { proxyHeader shouldBe header })(served)
        }
    }

    test("a header that is larger than it may be is refused as soon as it says so") {
        runTest {
            val (client, served) = met(TRUSTED)
            client.send(proxyV2().encode(ProxyHeader(tcp("192.0.2.1", 1), tcp("192.0.2.2", 2))).substring(0, 16))
            shouldThrow<TooLargeException> { proxied(BLOCKS, max = 27) { error("called") }(served) }.message shouldBe
                "PROXY header from $TRUSTED: PROXY header <= 27 bytes, was 28, at byte 14"
            currentTime shouldBe 0
        }
    }

    test("the deadline is longer than nothing, the limit at least a header") {
        shouldThrow<IllegalArgumentException> { proxied(BLOCKS, Duration.ZERO) {} }.message shouldBe
            "deadline > 0, was 0s"
        shouldThrow<IllegalArgumentException> { proxied(BLOCKS, max = 15) {} }.message shouldBe
            "max is 16..65551, was 15"
    }

    test("a server: the refused peer's connection ends and is reported, the next one is served") {
        val failures = ArrayList<Event>()
        net(MemoryNetwork(), events = { failures += it }) {
            val seen = CompletableDeferred<Address>()
            val server = tcpServer(80, handler = proxied(BLOCKS) { seen.complete(remote) })
            bind(tcp("203.0.113.9", 4)).connect(server.address).use {
                it.send("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")
                runCatching { it.recv() }.getOrNull() shouldBe null
            }
            bind(tcp("10.0.0.5", 4)).connect(server.address).use {
                it.send("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")
                seen.await() shouldBe tcp("1.2.3.4", 1)
            }
            server.stop() shouldBe Receipt(accepted = 2, finished = 1, failed = 1, cancelled = 0, aborted = 0)
        }
        val failure = failures.filterIsInstance<HandlerFailed>().single()
        failure.remote shouldBe tcp("203.0.113.9", 4)
        failure.cause.shouldBeInstanceOf<DeniedException>()
    }

    test("what is told of a connection names the client too; its name is the proxy's all the same") {
        val events = Story()
        net(MemoryNetwork(), events = events) {
            val server = tcpServer(80, name = "shop", handler = proxied(BLOCKS) { error("sold out") })
            val proxy = tcp("10.0.0.5", 4)
            bind(proxy).connect(server.address).use {
                it.send("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")
                val failed = events.first<HandlerFailed>()
                failed.run { remote to client } shouldBe (proxy to tcp("1.2.3.4", 1))
                events.first<Closed>().run { remote to client } shouldBe (proxy to tcp("1.2.3.4", 1))
            }
            server.stop()
        }
    }

    test("a client's side: what a forwarder sends in front is what the next server sees") {
        net(MemoryNetwork()) {
            val last = tcpServer(81, handler = proxied(BLOCKS + Cidr.parse("127.0.0.1")) { send("$remote at $local") })
            val forwarder = tcpServer(tcp("127.0.0.1", 80)) {
                connect(last.address).use {
                    it.send(proxyV2().encode(ProxyHeader(remote, local)))
                    send(it.recv()!!)
                }
            }
            bind(tcp("198.51.100.7", 7)).connect(forwarder.address).use {
                it.recv()?.text() shouldBe "198.51.100.7:7 at 127.0.0.1:80"
            }
            forwarder.stop()
            last.stop()
        }
    }
})

private data class Visit(val what: String, val from: StreamAddress, val said: ByteString, val expected: String)

private val TRUSTED = tcp("10.0.0.5", 4_000)
private val STRANGER = tcp("203.0.113.9", 4_000)
private val HERE = tcp("192.0.2.80", 80)
private val BLOCKS = listOf(Cidr.parse("10.0.0.0/8"), Cidr.parse("2001:db8::/32"))
private const val DENIED = "not in a trusted block [10.0.0.0/8, 2001:db8::/32]"
private const val V1 = "PROXY TCP4 198.51.100.1 198.51.100.2 1001 443\r\n"

private fun v2(header: ProxyHeader, then: String = "hello") =
    ByteString(*proxyV2(checksum = true).encode(header).toByteArray() + then.encodeToByteArray())

private val CASES = listOf(
    Visit("version 1", TRUSTED, ascii("${V1}hello"), "198.51.100.1:1001 at 198.51.100.2:443: hello"),
    Visit("version 1 and nothing more", TRUSTED, ascii(V1), "198.51.100.1:1001 at 198.51.100.2:443: "),
    Visit(
        "version 2",
        TRUSTED,
        v2(ProxyHeader(tcp("2001:db8::1", 1), tcp("2001:db8::2", 2))),
        "[2001:db8::1]:1 at [2001:db8::2]:2: hello",
    ),
    Visit("version 2, Unix", TRUSTED, v2(ProxyHeader(unix(""), unix("/a"))), "(unnamed) at /a: hello"),
    Visit("local", TRUSTED, v2(ProxyHeader.local()), "$TRUSTED at $HERE: hello"),
    Visit("unknown", TRUSTED, v2(ProxyHeader.unknown()), "$TRUSTED at $HERE: hello"),
    Visit("unknown, version 1", TRUSTED, ascii("PROXY UNKNOWN\r\nhello"), "$TRUSTED at $HERE: hello"),
    Visit("datagrams", TRUSTED, v2(ProxyHeader(udp("1.2.3.4", 1), udp("1.2.3.4", 2))), "$TRUSTED at $HERE: hello"),
    Visit(
        "two headers: the second is the handler's",
        TRUSTED,
        ascii(V1 + V1),
        "198.51.100.1:1001 at 198.51.100.2:443: $V1",
    ),
    Visit(
        "a trusted block of IPv6",
        tcp("2001:db8::5", 4_000),
        ascii("PROXY UNKNOWN\r\n"),
        "[2001:db8::5]:4000 at $HERE: ",
    ),
    Visit("version 1", STRANGER, ascii(V1), "DeniedException: PROXY header from $STRANGER: $DENIED"),
    Visit("version 2", STRANGER, v2(ProxyHeader.local()), "DeniedException: PROXY header from $STRANGER: $DENIED"),
    Visit("no header", STRANGER, ascii("hello"), "DeniedException: PROXY header from $STRANGER: $DENIED"),
    Visit(
        "no header",
        TRUSTED,
        ascii("hello"),
        "MalformedException: PROXY header from $TRUSTED: PROXY or the signature of version 2 expected, " +
            "0x68 is there, at byte 0",
    ),
    Visit(
        "garbage",
        TRUSTED,
        ascii("PROXY TCP4 everywhere\r\n"),
        "MalformedException: PROXY header from $TRUSTED: 5 fields, one space between them, expected, 2 are there, " +
            "at byte 6",
    ),
    Visit(
        "oversize",
        TRUSTED,
        ascii("PROXY UNKNOWN " + "x".repeat(100) + "\r\n"),
        "TooLargeException: PROXY header from $TRUSTED: <= 107 bytes from byte 0, at byte 107",
    ),
    Visit(
        "the end at once",
        TRUSTED,
        ascii(""),
        "BrokenException: PROXY header from $TRUSTED: the stream ended before it",
    ),
    Visit(
        "the end inside",
        TRUSTED,
        ascii("PROXY "),
        "BrokenException: PROXY header from $TRUSTED: the stream ended inside a frame at byte 0: have 6 bytes, need 7",
    ),
)

/** A connection from [from], and its accepted end. */
private suspend fun met(from: StreamAddress): Pair<Connection, Connection> {
    val network = MemoryNetwork()
    val listener = network.bind(HERE).listen()
    return network.bind(from).connect(listener.local) to listener.accept()
}

/** What a handler behind a proxy sees of a peer that says [said], [piece] bytes at a time; or how it ended. */
private suspend fun TestScope.seen(
    from: StreamAddress,
    said: ByteString,
    piece: Int = 10_000,
    ends: Boolean = true,
    deadline: Duration = 5.seconds,
): String {
    val (client, served) = met(from)
    launch {
        try {
            for (part in said.toByteArray().asList().chunked(piece)) client.send(part.toByteArray())
            if (ends) client.shutdown(Direction.WRITE)
        } catch (_: BrokenException) {
            // Refused before it had said all.
        }
    }
    var seen = ""
    try {
        proxied(BLOCKS, deadline) {
            val all = StringBuilder()
            while (true) all.append((recv() ?: break).text())
            seen = "$remote at $local: $all"
        }(served)
    } catch (cause: SocketeerException) {
        return "${cause::class.simpleName}: ${cause.message}"
    } finally {
        served.abort()
    }
    return seen
}
