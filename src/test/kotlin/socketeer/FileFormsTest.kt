package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldStartWith
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.encodeToByteString
import kotlinx.io.readLine
import kotlinx.io.readString
import kotlinx.io.writeString
import java.io.File
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds

/** Python's makefile and sendfile. */
class FileFormsTest : FunSpec({
    test("chunks until the end") {
        net {
            val (a, b) = socketPair()
            launch { b.use { for (i in 1..100) it.send("$i,") } }
            a.chunks(max = 7).toList().also { all -> all.all { it.size in 1..7 } shouldBe true }
                .joinToString("") { it.toByteArray().decodeToString() } shouldBe (1..100).joinToString("") { "$it," }
        }
    }

    test("lines, however the bytes are cut") {
        val text = "one\r\n\nthrée\nfo\rur\r\r\n漢字"
        val lines = listOf("one", "", "thrée", "fo\rur\r", "漢字")
        val bytes = text.encodeToByteString()
        for (size in 1..bytes.size) {
            val cut = (0 until bytes.size step size).map { bytes.substring(it, minOf(it + size, bytes.size)) }
            cut.asFlow().lines().toList() shouldBe lines
        }
        flowOf<ByteString>().lines().toList() shouldBe listOf()
        flowOf("a\n".encodeToByteString()).lines().toList() shouldBe listOf("a")
        flowOf("12345\r\n1234\n12345".encodeToByteString()).lines(max = 5).toList() shouldBe
            listOf("12345", "1234", "12345")
        for (long in listOf("1234567\n", "12345678")) {
            shouldThrow<TooLargeException> {
                flowOf(long.encodeToByteString()).lines(max = 5).toList()
            }.message shouldBe
                "a line of more than 5 bytes"
        }
    }

    test("source and sink, for code that blocks on another thread") {
        net {
            val (a, b) = socketPair()
            val blocking =
                async(Dispatchers.IO) {
                    b.sink().use { sink ->
                        sink.writeString("hello\n")
                        sink.flush()
                        val source = b.source()
                        source.readLine()?.let { sink.writeString(it.uppercase()) }
                        source.readString()
                    }
                }
            a.recvExactly(6)?.toByteArray()?.decodeToString() shouldBe "hello\n"
            a.send("upper\nrest")
            a.shutdown(Direction.WRITE)
            blocking.await() shouldBe "rest"
            a.chunks().toList().joinToString("") { it.toByteArray().decodeToString() } shouldBe "UPPER"
            a.close()
            b.close()
        }
    }

    context("sendFile") {
        val content = Random(1).nextBytes(3_000_001)
        val file = File(tempdir(), "file").apply { writeBytes(content) }.toPath()
        val kinds =
            mapOf<String, suspend Net.() -> Pair<Connection, Connection>>(
                "Unix" to { socketPair() },
                "memory" to { memoryPair() },
                "TCP" to {
                    val listener = bind(tcp(0)).listen()
                    connect(listener.local) to listener.accept().also { listener.close() }
                },
            )
        for ((kind, pair) in kinds) {
            test("all of it, ranges of it, beyond it, over $kind, and a send after it") {
                net {
                    val (a, b) = pair()
                    for ((offset, count) in listOf(
                        0L to Long.MAX_VALUE,
                        0L to 0L,
                        1L to 2L,
                        2_999_000L to 5_000L,
                        4_000_000L to 5L,
                    )) {
                        val end = minOf(
                            content.size.toLong(),
                            if (count >
                                content.size
                            ) {
                                Long.MAX_VALUE
                            } else {
                                offset + count
                            },
                        )
                        val part = if (offset >=
                            end
                        ) {
                            byteArrayOf()
                        } else {
                            content.copyOfRange(offset.toInt(), end.toInt())
                        }
                        val sending = async { a.sendFile(file, offset, count) }
                        val got = b.recvExactly(part.size)!!.toByteArray()
                        sending.await() shouldBe part.size
                        got.contentEquals(part) shouldBe true
                    }
                    a.send("after")
                    b.recvExactly(5)?.toByteArray()?.decodeToString() shouldBe "after"
                    a.close()
                    b.close()
                }
            }
        }

        test("a reader that doesn't read: it waits, others go on, another send is Busy, cancelled it stops") {
            net {
                val (a, b) = socketPair()
                val sending = launch { a.sendFile(file) }
                val (c, d) = socketPair()
                repeat(50) {
                    c.send("x")
                    d.recv()
                }
                withContext(Dispatchers.Default) { shouldThrow<BusyException> { a.send("y") } }
                withTimeoutOrNull(20.milliseconds) { sending.join() } shouldBe null
                sending.cancel()
                sending.join()
                val before = a.sent
                val rest = async { b.recvExactly(before.toInt() + 1) }
                a.send("z")
                rest.await()!!.toByteArray().let { got ->
                    got.copyOf(before.toInt()).contentEquals(content.copyOf(before.toInt())) shouldBe true
                    got.last() shouldBe 'z'.code.toByte()
                }
                listOf(a, b, c, d).forEach { it.close() }
            }
        }

        test("errors") {
            net {
                val (a, b) = socketPair()
                val missing = file.resolveSibling("missing")
                shouldThrow<FailedException> { a.sendFile(missing) }.message shouldBe "send file $missing: no such file"
                shouldThrow<IllegalArgumentException> { a.sendFile(file, -1) }.message shouldBe
                    "a range of a file is offset >= 0 and count >= 0, was -1 and ${Long.MAX_VALUE}"
                b.close()
                shouldThrow<BrokenException> { a.sendFile(file) }.message shouldStartWith "send on "
                a.close()
                shouldThrow<ClosedException> { a.sendFile(file) }
            }
        }
    }
})
