package socketeer.chaos

import java.io.IOException
import java.net.InetSocketAddress
import java.net.Socket
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.LockSupport
import kotlin.concurrent.thread

/** What goes on at the moment, and whom it may turn away: a client that is there already, one that comes anew. */
enum class Weather(val words: String, val mayEnd: Boolean, val mayRefuse: Boolean) {
    STORM("in the storm", mayEnd = false, mayRefuse = false),
    EXHAUSTED("out of descriptors", mayEnd = false, mayRefuse = true),
    STOPPING("while it stops", mayEnd = true, mayRefuse = true),
}

/** What came of a polite client in one weather: how long it waited for its answers, in microseconds. */
class Served(waits: List<Int>, val turnedAway: Int) {
    private val waits = waits.sorted()

    val answers: Int get() = waits.size
    val worst: Int get() = waits.lastOrNull() ?: 0

    /** What all but [few] in a thousand waited at most. */
    fun most(few: Int): Int = waits.getOrElse(waits.size - 1 - waits.size * few / 1_000) { 0 }
}

/**
 * A well-behaved client: it asks again and again, on a connection that it keeps, and every tenth time on a new one; each
 * answer must be what it asked. It complains when it is turned away and no weather since its last answer is an excuse.
 */
class Polite(private val server: InetSocketAddress) : AutoCloseable {
    val complaints = ConcurrentLinkedQueue<String>()

    private val weathers = CopyOnWriteArrayList(listOf(Weather.STORM))
    private val waits = Weather.entries.associateWith { ArrayList<Int>() }
    private val turnedAway = Weather.entries.associateWithTo(LinkedHashMap()) { 0 }
    private var kept: Guest? = null

    @Volatile private var over = false
    private val asking = thread { askOnAndOn() }

    /** The weather has turned. */
    fun now(weather: Weather) {
        weathers += weather
    }

    /** What came of it in each weather, once it is closed. */
    fun served(): Map<Weather, Served> =
        Weather.entries.associateWith { Served(waits.getValue(it), turnedAway.getValue(it)) }

    private fun askOnAndOn() {
        var n = 0
        while (!over) {
            val now = weathers.lastIndex
            val before = weathers[now]
            val guest = kept.takeIf { n++ % 10 > 0 } ?: Guest(since = now)
            try {
                val start = System.nanoTime()
                guest.ask("request $n")
                waits.getValue(before) += TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start).toInt()
                guest.since = now
                if (kept == null) kept = guest
                if (kept != guest) guest.close()
            } catch (cause: IOException) {
                turnedAway.merge(before, 1, Int::plus)
                if (!guest.isExcused()) complaints += "${before.words}, ${guest.words()}: $cause"
                guest.close()
                if (kept == guest) kept = null
            }
            // It thinks before it asks again.
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1))
        }
        kept?.close()
    }

    private fun Guest.words() = if (this === kept) "on the connection it keeps" else "on a new connection"

    private fun Guest.isExcused() = weathers.drop(since).any { if (this === kept) it.mayEnd else it.mayRefuse }

    private inner class Guest(var since: Int) : Socket() {
        fun ask(words: String) {
            if (!isConnected) {
                tcpNoDelay = true
                soTimeout = PATIENCE_MILLIS
                connect(server, PATIENCE_MILLIS)
            }
            val asked = words.encodeToByteArray()
            outputStream.write(asked)
            val answer = inputStream.readNBytes(asked.size)
            if (answer.size < asked.size) throw IOException("it ended after ${answer.size} of ${asked.size} bytes")
            if (!answer.contentEquals(asked)) complaints += "asked $words, got ${answer.decodeToString()}"
        }
    }

    override fun close() {
        over = true
        asking.join()
    }
}

private const val PATIENCE_MILLIS = 60_000
