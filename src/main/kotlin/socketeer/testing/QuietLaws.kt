package socketeer.testing

import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import socketeer.testing.Ability.HALF_CLOSE
import socketeer.testing.Ability.LISTENING
import socketeer.testing.Ability.RESET
import java.lang.management.ManagementFactory
import kotlin.time.Duration.Companion.milliseconds

internal val quietLaws =
    theme("quiet") {
        law("idle connections and waiting calls use no CPU") {
            val pairs = List(20) { pair() }
            val waiting = pairs.map { (a, _) -> launch { a.recv() } }
            usesNoCpu("20 waiting receives")
            waiting.forEach { it.cancelAndJoin() }
            usesNoCpu("20 idle connections")
        }

        law("a sender whose peer doesn't read uses no CPU") {
            val (a, _) = pair()
            val blocked = launch { a.send(flood) }
            usesNoCpu("a blocked sender")
            blocked.cancelAndJoin()
        }

        law("bytes that nobody receives use no CPU") {
            val (a, b) = pair()
            a.send(pattern(1_000))
            b.recv(10)
            a.send(pattern(1_000))
            usesNoCpu("unread bytes")
            same(b.exactly(1_990).size, 1_990, "then received")
        }

        law("a half-closed connection uses no CPU, before and after its end is seen", HALF_CLOSE) {
            val (a, b) = pair()
            a.sendAndEnd(pattern(10))
            usesNoCpu("an end that nobody has seen")
            same(b.toEnd(), pattern(10), "to the end")
            usesNoCpu("an end that was seen")
            b.send("x")
            same(a.exactly(1).decodeToString(), "x", "the other way")
        }

        law("a connection that its peer closed or reset uses no CPU until it is closed", RESET) {
            val (a, b) = pair()
            val (c, d) = pair()
            runCatching { launch { b.recv() }.also { settle() }.cancelAndJoin() }
            a.abort()
            c.close()
            usesNoCpu("a reset and an end that nobody has seen")
            runCatching { b.recv() }
            d.recv()
            usesNoCpu("a reset and an end that were seen")
        }

        law("a waiting accept uses no CPU", LISTENING) {
            val listener = listener()
            val waiting = launch { listener.accept() }
            usesNoCpu("a waiting accept")
            waiting.cancelAndJoin()
            usesNoCpu("an idle listener")
        }

        law("a pending connection that nobody accepts uses no CPU", LISTENING) {
            val listener = listener()
            launch { listener.accept() }.also { settle() }.cancelAndJoin()
            network().connect(listener.local).alsoEnds()
            usesNoCpu("a connection in the backlog")
        }

        law("after 300 connections come and gone nothing is left") {
            pair()
            val sockets = socketsOfThisProcess()
            val direct = directMemory()
            repeat(300) {
                val (a, b) = pair()
                a.send(pattern(2_000))
                same(b.exactly(2_000), pattern(2_000), "bytes")
                if (it % 3 == 0) a.abort() else a.close()
                b.close()
                expect(listOf(a, b).none { end -> end.coroutineContext[Job]!!.isActive }) { "its scope lives on" }
            }
            same(socketsOfThisProcess(), sockets, "sockets")
            expect(directMemory() - direct < MIB) { "direct memory grew by ${directMemory() - direct}" }
        }
    }

/** Waits a while and fails if this process worked meanwhile. */
private suspend fun usesNoCpu(what: String) {
    settle()
    val before = cpuTime()
    withTimeoutOrNull(WATCH) { never() }
    val used = (cpuTime() - before) / NANOS_A_MILLI
    expect(used < ALLOWED) { "$what: $used ms of CPU time in $WATCH" }
}

/** CPU time of all Java threads, in nanoseconds: not the compiler's and the collector's. */
private fun cpuTime(): Long {
    val threads = ManagementFactory.getThreadMXBean()
    return threads.allThreadIds.sumOf { threads.getThreadCpuTime(it).coerceAtLeast(0) }
}

private val WATCH = 200.milliseconds

/** A loop that spins has at least a third of a busy machine's core; one that waits has almost nothing. */
private const val ALLOWED = 50
private const val NANOS_A_MILLI = 1_000_000
