package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.slf4j.LoggerFactory
import socketeer.testing.Ability
import socketeer.testing.networkLaws
import socketeer.testing.networks
import socketeer.watch.slf4j
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.SocketException
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/** The port that the README calls 9000: free a moment ago, and the snippets bind it themselves. */
private var port = 0

private object FirstPage {
    fun main() = net {
        tcpServer(port) {
            while (true) send(recv() ?: break)
        }
    }
}

/** What the README shows is what runs here: its Kotlin blocks stand in this file, and do what the README says. */
class ReadmeTest : FunSpec({
    beforeTest { port = ServerSocket(0, 0, InetAddress.getByName(LOOPBACK)).use { it.localPort } }

    test("every Kotlin block of the README stands in this file, or in that of one's own framing") {
        val here = listOf("ReadmeTest", "OwnFramingTest").joinToString("") {
            code(File("src/test/kotlin/socketeer/$it.kt").readText())
        }
        val blocks = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(File("README.md").readText())
        for (block in blocks.map { it.groupValues[1] }) {
            withClue(block) { (code(block.replace("9000", "port")) in here) shouldBe true }
        }
    }

    test("the first page") {
        interrupted(FirstPage::main) { echoed("hello") shouldBe "hello" }
    }

    test("the verbs one by one") {
        fun snippet() {
            net {
                val listener = bind(tcp("localhost", port)).listen(backlog = 128)
                while (true) {
                    val peer = listener.accept()
                    launch { peer.use { it.send(it.recv() ?: return@use) } }
                }
            }
        }
        interrupted(::snippet) { echoed("hello") shouldBe "hello" }
    }

    test("a client") {
        echoing {
            printed {
                net {
                    connect(tcp("localhost", port)).use {
                        it.send("hello")
                        println(it.recv()?.text())
                        it.shutdown(Direction.WRITE)
                        println(it.recv())
                    }
                }
            } shouldBe "hello\nnull\n"
        }
    }

    test("a call given up and made again") {
        echoing {
            printed {
                net {
                    connect(tcp("localhost", port)).use {
                        withTimeoutOrNull(10.milliseconds) { it.recv() }
                        it.send("still here")
                        println(it.recv()?.text())
                    }
                }
            } shouldBe "still here\n"
        }
    }

    test("the scope of a connection") {
        fun snippet() {
            net {
                tcpServer(port) {
                    launch {
                        delay(1.minutes)
                        close()
                    }
                    framed(lines()).forEach { send(it.uppercase()) }
                }
            }
        }
        interrupted(::snippet) { echoed("hello\n") shouldBe "HELLO\n" }
    }

    test("a server is a value") {
        printed {
            net {
                val server = tcpServer(0) { while (true) send(recv() ?: break) }
                println(server.address)
                connect(server.address).use { it.send("x") }
                println(server.stop())
            }
        } shouldContain "\nReceipt(accepted=1, finished=1, failed=0, cancelled=0, aborted=0, refused=0)\n"
    }

    test("limits") {
        printed {
            val limits =
                Limits(connections = 100, perAddress = 4, idle = 5.minutes, deny = listOf(Cidr.parse("10.0.0.0/8")))
            println(limits.memory())
            net(limits = limits) {
                val server = tcpServer(0, name = "echo") { while (true) send(recv() ?: break) }
                connect(server.address).use { it.send("x") }
                println(server.stop())
            }
        } shouldContain "${100 * (65_536 + 4_096) + (1 shl 20)}\nReceipt(accepted=1,"
    }

    test("events told to a logger") {
        fun snippet() {
            net(events = slf4j(LoggerFactory.getLogger("echo"))) {
                tcpServer(port, name = "echo") { while (true) send(recv() ?: break) }
            }
        }
        interrupted(::snippet) { echoed("hello") shouldBe "hello" }
    }

    test("the network is passed in") {
        printed {
            net(MemoryNetwork()) {
                val server = tcpServer(80) { send("from memory") }
                connect(server.address).use { println(it.recv()?.text()) }
                server.stop()
            }
        } shouldBe "from memory\n"
    }

    test("behind a proxy") {
        fun snippet() {
            net {
                tcpServer(
                    port,
                    handler = proxied(from = listOf(Cidr.parse("127.0.0.1/32"))) {
                        framed(lines()).forEach { send("$remote says $it") }
                    },
                )
            }
        }
        interrupted(::snippet) {
            val said = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nhello\n"
            echoed(said, "192.0.2.7:56324 says hello\n".length) shouldBe "192.0.2.7:56324 says hello\n"
        }
    }

    test("an agent that tells a proxy that its server leaves") {
        fun snippet() {
            net {
                val leaving = CompletableDeferred<Unit>()
                val told = Channel<Unit>(Channel.UNLIMITED)
                tcpServer(0) {
                    send(if (leaving.isCompleted) "drain\n" else "up\n")
                    if (leaving.isCompleted) told.send(Unit)
                }
            }
        }
        interrupted(::snippet) {}
    }

    test("shaping") {
        fun snippet() {
            net {
                tcpServer(
                    port,
                    handler = shaped(receive = 512.kiB per 1.seconds, send = 2.MiB per 1.seconds) {
                        val frames = Throttle(10 per 1.seconds)
                        framed(lines()).forEach {
                            frames.take()
                            send(it)
                        }
                    },
                )
            }
        }
        interrupted(::snippet) { echoed("hello\n", "hello".length) shouldBe "hello" }
    }

    test("the laws for a network of one's own") {
        printed {
            val mine = networks("my network", Ability.DESCRIPTORS, Ability.EXHAUSTION) { MemoryNetwork() }
            for (law in networkLaws(mine)) {
                if (law.missing.isEmpty()) law.check() else println("${law.name}: lacks ${law.missing}")
            }
        } shouldContain "lacks"
    }
})

/** [text] without imports, comments, trailing commas and white space, which the formatter may set as it likes. */
private fun code(text: String): String =
    text.lines().filterNot {
        it.startsWith("import ")
    }.joinToString("") { it.substringBefore(" //") }.filterNot(Char::isWhitespace).replace(",)", ")")

/** Runs [snippet], which never ends by itself, while [block] talks to it, then interrupts it as Ctrl-C would. */
private fun interrupted(snippet: () -> Unit, block: () -> Unit) {
    val over = CountDownLatch(1)
    val running =
        thread {
            try {
                snippet()
            } catch (_: InterruptedException) {
                over.countDown()
            }
        }
    block()
    running.interrupt()
    over.await()
}

/** The first [size] bytes that come back for [text], once somebody listens. */
private fun echoed(text: String, size: Int = text.length): String {
    while (true) {
        val socket =
            try {
                Socket(LOOPBACK, port)
            } catch (_: SocketException) {
                continue
            }
        return socket.use {
            it.outputStream.write(text.encodeToByteArray())
            it.inputStream.readNBytes(size).decodeToString()
        }
    }
}

/** Runs [block] while an echo server listens on [port]. */
private fun echoing(block: () -> Unit) {
    interrupted(FirstPage::main) {
        echoed("")
        block()
    }
}

private fun printed(block: () -> Unit): String {
    val before = System.out
    val bytes = ByteArrayOutputStream()
    System.setOut(PrintStream(bytes, true))
    try {
        block()
    } finally {
        System.setOut(before)
    }
    return bytes.toString()
}
