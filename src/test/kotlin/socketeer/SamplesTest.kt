package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import io.kotest.matchers.string.shouldEndWith
import io.kotest.matchers.string.shouldNotContain
import java.net.InetSocketAddress
import java.net.Socket

/** Every sample does what it says, with its client, and keeps to what they have in common. */
class SamplesTest : FunSpec({
    fun serving(vararg args: String, block: Launch.(InetSocketAddress) -> Unit) = Launch(*args).use {
        it.block(it.listening())
    }

    fun client(name: String, server: InetSocketAddress, vararg args: String, type: String = ""): String =
        Launch(name, "${server.hostString}:${server.port}", *args).use {
            it.type(type)
            it.stdout().also { _ -> it.end() shouldBe 0 }
        }

    for (sample in listOf("echo", "Echo.java")) {
        context("$sample ends in order") {
            for (signal in listOf("INT", "TERM")) {
                test("on SIG$signal, with what was taken answered, and no patience for idle clients") {
                    serving(sample, "0") { server ->
                        Socket(server.address, server.port).use { idle ->
                            idle.outputStream.write("before".toByteArray())
                            idle.inputStream.readNBytes(6).decodeToString() shouldBe "before"
                            signal(signal)
                            idle.inputStream.read() shouldBe -1
                        }
                        end() shouldBe 0
                    }
                }
            }
        }
    }

    for (sample in listOf("echo", "Echo.java")) {
        test("$sample: a busy port and a bad address: one line, no stack trace") {
            serving(sample, "0") { server ->
                for ((address, words) in mapOf(
                    "${server.port}" to "in use",
                    "70000" to "70000",
                    "name.invalid:1" to "name.invalid",
                )) {
                    Launch(sample, address).use {
                        it.end() shouldBe 1
                        it.stderr().trimEnd().lines().single() shouldContain words
                    }
                }
            }
        }
    }

    test("a client without a server: one line") {
        val free = Socket().use {
            it.bind(null)
            it.localSocketAddress as InetSocketAddress
        }
        Launch("echo-client", "${free.port}").use {
            it.end() shouldBe 1
            it.stderr() shouldContain "refused"
            it.stderr() shouldNotContain "\tat "
        }
    }

    for (sample in listOf("echo", "Echo.java")) {
        test(sample) {
            serving(sample, "localhost:0") { server ->
                val text = "hello, wörld\n".repeat(10_000)
                server.ask(text) shouldBe text
                client("echo-client", server, type = text) shouldBe text
            }
        }
    }

    test("upper") {
        serving("upper", "0") { server ->
            server.ask("Hello, Wörld 1\n") shouldBe "HELLO, WöRLD 1\n"
            client("upper-client", server, type = "quiet\n") shouldBe "QUIET\n"
        }
    }

    test("greet") {
        serving("greet", "0") { server ->
            server.ask("") shouldBe ""
            server.ask("it is me") shouldContain "it is me"
            client("greet-client", server, "it", "is", "me").trimEnd() shouldEndWith "good bye"
        }
    }

    test("visitors") {
        serving("visitors", "0") { server ->
            client("visitors-client", server, type = "one\ntwo\n") shouldBe ""
            val lines = List(4) { line().orEmpty() }
            lines.map { it.substringAfter(' ') } shouldBe listOf("came", "said one", "said two", "went")
            lines.map { it.substringBefore(' ') }.distinct().size shouldBe 1
        }
    }

    test("forward carries half-closes both ways, and outlives a target that is gone") {
        Launch("echo", "0").use { echo ->
            val target = echo.listening()
            serving("forward", "0", "${target.port}") { forward ->
                forward.ask("through") shouldBe "through"
                echo.signal("TERM")
                echo.end() shouldBe 0
                forward.ask("") shouldBe ""
                signal("TERM")
                end() shouldBe 0
            }
        }
    }
})
