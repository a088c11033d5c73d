package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.decodeToString
import java.nio.ByteBuffer

class FramedTest :
    FunSpec({
        suspend fun pair(block: suspend (Connection, Connection) -> Unit) {
            val (near, far) = memoryPair()
            near.use { far.use { block(near, far) } }
        }

        test("a handler of one line upper-cases lines until the stream ends") {
            pair { near, far ->
                val handler: suspend Connection.() -> Unit = { framed(lines()).forEach { send(it.uppercase()) } }
                far.send("a\nbc\r\n\n")
                far.shutdown(Direction.WRITE)
                near.handler()
                near.shutdown(Direction.WRITE)
                far.framed(lines()).asFlow().toList() shouldBe listOf("A", "BC", "")
            }
        }

        test("a for loop, a flow and recv give the same frames, and null for ever after the last") {
            pair { near, far ->
                val frames = near.framed(lengthPrefixed(text()))
                far.framed(lengthPrefixed(text())).send("1", "2", "3", "4", "5")
                far.shutdown(Direction.WRITE)
                for (frame in frames) if (frame == "2") break
                frames.asFlow().take(2).map { it.toInt() }.toList() shouldBe listOf(3, 4)
                frames.recv() shouldBe "5"
                repeat(2) { frames.recv() shouldBe null }
            }
        }

        test("a flow of chunks has the frames that are in it, and ends with an error inside one") {
            flowOf("a\nb", "", "c\n").map { ascii(it) }.framed(lines()).toList() shouldBe listOf("a", "bc")
            flowOf(ascii("all")).framed(text()).toList() shouldBe listOf("all")
            shouldThrow<BrokenException> { flowOf(ascii("a\nb")).framed(lines()).toList() }
        }

        test("several frames at once are one send") {
            pair { near, far ->
                var sends = 0
                val counted =
                    object : Connection by near {
                        override suspend fun send(buffer: ByteBuffer) = near.send(buffer).also { sends++ }
                    }
                counted.framed(netstring()).send(ascii("a"), ascii(""), ascii("bcd"))
                counted.framed(netstring()).send(listOf(ascii("e"), ascii("f")))
                sends shouldBe 2
                far.recvExactly(20)?.decodeToString() shouldBe "1:a,0:,3:bcd,1:e,1:f"
            }
        }

        test("all that has come is received at once, and what is wrong behind it next") {
            pair { near, far ->
                val framing = near.framed(lengthPrefixed(text(), Length.Binary(1), max = 9))
                far.send("\u0001a\u0000\u0003bcd\u0001")
                framing.recvAll() shouldBe listOf("a", "", "bcd")
                far.send("e\u0001f\u000Agone")
                framing.recvAll() shouldBe listOf("e", "f")
                repeat(2) { shouldThrow<TooLargeException> { framing.recvAll() }.position shouldBe 11 }
            }
            pair { near, far ->
                val framing = near.framed(lines(max = 3, resync = true))
                far.send("a\nlonger\nb\n")
                far.shutdown(Direction.WRITE)
                framing.recvAll() shouldBe listOf("a")
                shouldThrow<TooLargeException> { framing.recvAll() }.reason shouldBe "line <= 3 bytes"
                framing.recvAll() shouldBe listOf("b")
                framing.recvAll() shouldBe null
            }
        }

        test("if one of several can't be a frame, nothing is sent") {
            pair { near, far ->
                shouldThrow<IllegalArgumentException> { near.framed(lines()).send("fine", "not\nfine") }
                shouldThrow<TooLargeException> { near.framed(lines(max = 3)).send("four") }
                near.sent shouldBe 0
                near.framed(lines()).send("fine")
                far.recv() shouldBe ascii("fine\n")
            }
        }

        test("what was received behind a frame is received next, raw or by another codec") {
            pair { near, far ->
                far.send("STARTTLS\r\n3:abc,rest")
                val lines = near.framed(lines(LineEnd.CRLF))
                lines.recv() shouldBe "STARTTLS"
                val strings = lines.unframed(netstring())
                strings.recv() shouldBe ascii("abc")
                strings.unframed().recv() shouldBe ascii("rest")
            }
        }

        test("an unfinished frame goes back too") {
            pair { near, far ->
                far.send("10:abc")
                val strings = near.framed(netstring())
                val waiting = async(start = CoroutineStart.UNDISPATCHED) { strings.recv() }
                waiting.cancelAndJoin()
                strings.unframed().recv() shouldBe ascii("10:abc")
            }
        }

        test("while it waits between two frames it holds no buffer, inside one it does") {
            pair { near, far ->
                val strings = near.framed(netstring())
                far.send("3:abc,4:d")
                strings.recv() shouldBe ascii("abc")
                val waiting = async(start = CoroutineStart.UNDISPATCHED) { strings.recv() }
                strings.held shouldBeGreaterThan 0
                far.send("efg,")
                waiting.await() shouldBe ascii("defg")
                val idle = launch(start = CoroutineStart.UNDISPATCHED) { strings.recv() }
                strings.held shouldBe 0
                idle.cancelAndJoin()
            }
        }

        test("cancelling receives at every byte loses none") {
            pair { near, far ->
                val frames = near.framed(lengthPrefixed(text()))
                val bytes = lengthPrefixed(text()).encode("hello")
                for (i in 0 until bytes.size) {
                    val waiting = launch(start = CoroutineStart.UNDISPATCHED) { frames.recv() }
                    waiting.cancelAndJoin()
                    far.send(bytes.substring(i, i + 1))
                }
                frames.recv() shouldBe "hello"
            }
        }

        test("a send cancelled halfway is finished in front of the next frame") {
            pair { near, far ->
                val big = "x".repeat(200_000)
                val frames = near.framed(lengthPrefixed(text()))
                val sending = launch(start = CoroutineStart.UNDISPATCHED) { frames.send(big) }
                while (near.sent == 0L) yield()
                sending.cancelAndJoin()
                coroutineScope {
                    launch { frames.send("next") }
                    val received = far.framed(lengthPrefixed(text()))
                    received.recv() shouldBe big
                    received.recv() shouldBe "next"
                }
            }
        }

        test("two receives at once are one too many, and told so") {
            pair { near, far ->
                val frames = near.framed(lines())
                val first = async(start = CoroutineStart.UNDISPATCHED) { frames.recv() }
                shouldThrow<BusyException> { frames.recv() }
                shouldThrow<BusyException> { frames.unframed() }
                far.send("one\n")
                first.await() shouldBe "one"
            }
        }

        test("a stream that ends inside a frame is broken, with have and need, and stays so") {
            pair { near, far ->
                far.send(ByteString(0, 0, 0, 9, 1, 2))
                far.shutdown(Direction.WRITE)
                val frames = near.framed(lengthPrefixed())
                repeat(2) {
                    shouldThrow<BrokenException> { frames.recv() }.message shouldContain "have 6 bytes, need 13"
                }
            }
        }

        test("an error tells the byte's place in the stream") {
            pair { near, far ->
                far.send("good\r\nbad\nx")
                val frames = near.framed(lines(LineEnd.CRLF))
                frames.recv() shouldBe "good"
                shouldThrow<MalformedException> { frames.recv() }.position shouldBe 9
            }
        }

        test("a resynchronising framing goes on behind a line that's too long") {
            pair { near, far ->
                far.send("1234\n123\n12345678")
                val frames = near.framed(lines(max = 3, resync = true))
                shouldThrow<TooLargeException> { frames.recv() }.position shouldBe 3
                frames.recv() shouldBe "123"
                shouldThrow<TooLargeException> { frames.recv() }.position shouldBe 12
                far.send("90\nok\n")
                frames.recv() shouldBe "ok"
            }
        }

        test("over TCP, too, what came behind the last frame is received next") {
            net(signals = false) {
                val listener = bind(tcp("localhost", 0)).listen()
                launch {
                    connect(listener.local).use {
                        it.send("STARTTLS\r\n3:abc,rest")
                        it.recv() shouldBe null
                    }
                }
                listener.accept().use { peer ->
                    val lines = peer.framed(lines(LineEnd.CRLF))
                    lines.recv() shouldBe "STARTTLS"
                    val strings = lines.unframed(netstring())
                    strings.recv() shouldBe ascii("abc")
                    strings.unframed().recvExactly(4) shouldBe ascii("rest")
                }
                listener.close()
            }
        }

        test("the same over TCP, pipelined in both directions") {
            net(signals = false) {
                val listener = bind(tcp("localhost", 0)).listen()
                launch { listener.accept().use { it.framed(lines()).forEach { line -> send(line.reversed()) } } }
                connect(listener.local).use { client ->
                    val frames = client.framed(lines())
                    val sent = List(5_000) { "line $it" }
                    launch { frames.send(sent) }
                    frames.asFlow().take(sent.size).toList() shouldBe sent.map { it.reversed() }
                }
                listener.close()
            }
        }
    })
