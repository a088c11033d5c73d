package socketeer.testing

import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import java.lang.management.BufferPoolMXBean
import java.lang.management.ManagementFactory
import kotlin.time.Duration.Companion.milliseconds

internal val pressureLaws =
    theme("back-pressure") {
        law("a sender to a peer that doesn't read waits with bounded memory, and goes on when it reads") {
            val (a, b) = pair()
            val all = flood
            val direct = directMemory()
            val sending = async { a.send(all) }
            same(withTimeoutOrNull(STALL) { sending.join() }, null, "sending while nobody reads")
            expect(a.sent < MUCH / 2) { "${a.sent} bytes are held for a peer that doesn't read" }
            val grown = directMemory() - direct
            expect(grown < DIRECT) { "$grown bytes of direct memory for one blocked sender" }
            same(b.exactly(MUCH), all, "once the peer reads")
            sending.await()
            same(a.sent, MUCH.toLong(), "sent")
        }

        law("a peer that reads and pauses gets everything") {
            val (a, b) = pair()
            val all = pattern(8 * MIB)
            launch { a.sendAndEnd(all) }
            val got = java.io.ByteArrayOutputStream()
            while (true) {
                got.writeBytes((b.recv(300_000) ?: break).toByteArray())
                if (got.size() % 7 == 0) settle()
            }
            same(got.toByteArray(), all, "with pauses")
        }

        law("both sides send without reading: both wait, and reading frees both") {
            val (a, b) = pair()
            val all = flood
            val one = begun { a.send(all) }
            val two = begun { b.send(all) }
            expect(one.isActive && two.isActive) { "$MUCH bytes went nowhere" }
            val atB = async { b.exactly(MUCH) }
            same(a.exactly(MUCH), all, "b to a")
            same(atB.await(), all, "a to b")
            one.await().getOrThrow()
            two.await().getOrThrow()
        }

        law("a slow reader doesn't slow another connection") {
            val (a, _) = pair()
            val blocked = launch { a.send(flood) }
            settle()
            val (c, d) = pair()
            val echo = launch { repeat(500) { d.send(d.recvExactly(8)!!) } }
            repeat(500) {
                c.send(pattern(8, it))
                same(c.exactly(8), pattern(8, it), "echo beside a blocked sender")
            }
            echo.join()
            expect(blocked.isActive) { "the blocked sender ended" }
            blocked.cancelAndJoin()
        }

        law("one that always has data doesn't starve the others, nor deadlines") {
            val (a, b) = pair()
            val flood = launch { while (true) a.send(ByteArray(65_536)) }
            val drain = launch { while (true) b.recv() }
            val (c, d) = pair()
            val echo = launch { repeat(100) { d.send(d.recvExactly(8)!!) } }
            repeat(100) {
                c.send(pattern(8, it))
                same(c.exactly(8), pattern(8, it), "echo beside a flood")
            }
            same(withTimeoutOrNull(STALL) { never() }, null, "a deadline beside a flood")
            echo.join()
            flood.cancelAndJoin()
            drain.cancelAndJoin()
        }
    }

/** Bytes of direct buffers, all of this process. */
internal fun directMemory(): Long =
    ManagementFactory.getPlatformMXBeans(BufferPoolMXBean::class.java).first { it.name == "direct" }.memoryUsed

private val STALL = 100.milliseconds

/** A kernel's connection may use a few buffers, but not one as large as what is sent. */
private const val DIRECT = 8L shl 20
