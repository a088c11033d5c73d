package socketeer

import io.kotest.assertions.withClue
import io.kotest.core.spec.style.FunSpec
import io.kotest.core.test.Enabled
import io.kotest.matchers.collections.shouldNotBeEmpty
import io.kotest.matchers.longs.shouldBeLessThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldMatch
import socketeer.loop.isExhaustion
import socketeer.loop.isOfConnection
import java.io.IOException
import java.net.Socket
import java.net.SocketException

/** What accept(2) can answer instead of a connection, and what a server makes of it. */
class AcceptFaultsTest : FunSpec({
    test("out of descriptors: at rest, who is in is served, who waits is told by a close, and it goes on by itself") {
        ChildJvm("socketeer.AcceptPeerKt", "serve", descriptors = DESCRIPTORS).use { child ->
            val port = child.line()!!.removePrefix("listening ").toInt()
            val peers = List(DESCRIPTORS * 2) { Socket(LOOPBACK, port) }
            val pauses = ArrayList<List<Long>>()
            var refused = 0
            while (refused == 0 || pauses.size < PAUSES) {
                val words = child.line()!!.split(' ')
                when (words[0]) {
                    "paused" -> {
                        val pause = words.drop(1).map { it.toLong() }
                        // A descriptor that the JVM had needed for a moment came back: it begins anew.
                        if (pause[0] == BACK_OFF[0]) pauses.clear()
                        pauses += pause
                    }
                    "refused" -> refused++
                    else -> error(words.joinToString(" "))
                }
            }
            withClue("the pauses in ms") { pauses.map { it[0] } shouldBe BACK_OFF }
            // From the second on: the first has loaded what the JVM needs to tell.
            val (processor, clock) = (1..2).map { pauses.last()[it] - pauses[1][it] }
            withClue("nanoseconds of processor time in $clock") { processor shouldBeLessThan clock / 5 }

            val (told, served) = peers.map { it to it.isServed() }.partition { !it.second }
            served.shouldNotBeEmpty()
            served.drop(1).forEach { (peer, _) -> peer.close() }
            Socket(LOOPBACK, port).use { it.isServed() shouldBe true }
            served.first().first.use { it.isServed() shouldBe true }
            child.next()
            val lines = child.rest().lines().filterNot { it.startsWith("paused") }
            lines.count { it == "refused EXHAUSTED" } + refused shouldBe told.size
            lines.filterNot { it.startsWith("refused") }.joinToString("\n") shouldMatch Regex(
                "Receipt\\(accepted=${served.size + 1}, finished=\\d+, failed=\\d+, " +
                    "cancelled=0, aborted=0, refused=${told.size}\\)\n",
            )
            peers.forEach { it.close() }
        }
    }

    for (error in listOf("EPROTO", "EPERM", "ENETDOWN", "ECONNABORTED")) {
        test("$error, an error of the connection: the next one is taken at once").config(enabledOrReasonIf = {
            strace
        }) {
            answering(error, "1..3") shouldBe "served\n${receipt(1)}\n"
        }
    }

    for (error in listOf("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM")) {
        test("$error, exhaustion: it pauses, tells, and goes on").config(enabledOrReasonIf = { strace }) {
            val lines = answering(error, "1..3").lines()
            lines.filter { it.startsWith("paused") }.map { it.split(' ')[1] } shouldBe listOf("10", "20", "40")
            lines.filterNot { it.startsWith("paused") } shouldBe listOf("served", receipt(1), "")
        }
    }

    for ((error, words) in listOf("EINVAL" to "Invalid argument", "EOPNOTSUPP" to "Operation not supported")) {
        test("$error, an error of the listener: the server ends loudly").config(enabledOrReasonIf = { strace }) {
            answering(error, "1+") shouldBe "echo failed\nnot served\n${receipt(0)}\nnet fails: $words\n"
        }
    }

    test("the system's words are told apart") {
        for (words in listOf("Too many open files", "Too many open files in system", "No buffer space available")) {
            isExhaustion(IOException(words)) shouldBe true
        }
        for (words in listOf("Invalid argument", "Bad file descriptor", "Protocol error")) {
            isExhaustion(IOException(words)) shouldBe false
        }
        for (words in listOf("Protocol error", "Network is unreachable", "Software caused connection abort")) {
            isOfConnection(IOException(words)) shouldBe true
        }
        for (words in listOf("Invalid argument", "Bad file descriptor", null)) {
            isOfConnection(IOException(words)) shouldBe false
        }
    }
})

/** What the server's process says when accept fails with [error] at the times [when]. */
private fun answering(error: String, times: String): String = ChildJvm(
    "socketeer.AcceptPeerKt",
    "once",
    under = listOf("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=accept,accept4") +
        listOf("-e", "inject=accept,accept4:error=$error:when=$times"),
).use { it.rest() }

private fun receipt(accepted: Int) = "${Receipt(accepted.toLong(), accepted.toLong(), 0, 0, 0)}"

/** Whether a byte comes back; false: it was hung up on. */
private fun Socket.isServed(): Boolean = try {
    outputStream.write(1)
    inputStream.read() == 1
} catch (_: SocketException) {
    false
}

private val strace: Enabled by lazy {
    val works =
        runCatching { ProcessBuilder("strace", "--seccomp-bpf", "-f", "-o", "/dev/null", "true").start().waitFor() }
    if (works.getOrNull() ==
        0
    ) {
        Enabled.enabled
    } else {
        Enabled.disabled("no strace that may trace: apt-get install strace")
    }
}

private const val DESCRIPTORS = 120

private val BACK_OFF = listOf<Long>(10, 20, 40, 80, 160, 320, 640, 1000, 1000)
private val PAUSES = BACK_OFF.size
