package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.io.bytestring.ByteString
import java.net.InetSocketAddress
import java.net.Socket

/** The samples that are about framing do what they say. */
class FramingSamplesTest :
    FunSpec({
        fun exchange(server: InetSocketAddress, bytes: ByteString): ByteString =
            Socket(server.address, server.port).use {
                it.getOutputStream().write(bytes.toByteArray())
                it.shutdownOutput()
                ByteString(*it.getInputStream().readAllBytes())
            }

        test("frame-echo: every frame comes back, an empty one as an empty one, one too large not at all") {
            Launch("frame-echo", "0").use { echo ->
                val server = echo.listening()
                val framing = lengthPrefixed(max = 1 shl 20)
                val frames = listOf(ascii("hello"), ByteString(), zeros(1 shl 20))
                val bytes = Output().also { out -> frames.forEach { out.append(framing, it) } }.toByteString()
                exchange(server, bytes) shouldBe bytes
                exchange(server, ByteString(0, 16, 0, 1)) shouldBe ByteString()
                exchange(server, framing.encode(ascii("alive"))) shouldBe framing.encode(ascii("alive"))
            }
        }

        test("netstring: each comes back in reverse, what isn't one ends the connection") {
            Launch("netstring", "0").use { echo ->
                val server = echo.listening()
                exchange(server, ascii("5:hello,0:,3:abc,")) shouldBe ascii("5:olleh,0:,3:cba,")
                exchange(server, ascii("05:hello,")) shouldBe ByteString()
            }
        }

        for (sample in listOf("command", "Command.java")) {
            test("$sample: allowed ones run, others and failing ones are answered, and the connection lives") {
                Launch(sample, "0").use { commands ->
                    val server = commands.listening()
                    Launch("command-client", "${server.hostString}:${server.port}").use { client ->
                        client.type("pwd\nrm -rf /\nfail\nuname")
                        val printed = client.stdout()
                        client.end() shouldBe 0
                        printed.lines().first() shouldBe System.getProperty("user.dir")
                        printed shouldContain "not allowed: rm -rf /"
                        printed shouldContain "exit code"
                        printed.lines().dropLast(1).last() shouldContain System.getProperty("os.name")
                    }
                }
            }
        }
    })
