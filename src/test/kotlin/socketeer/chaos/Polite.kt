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
 * Two well-behaved clients, one that [keeps] its connection and one that comes [anew] each time. They ask again and
 * again, and each answer must be what was asked; they complain when they are turned away and no weather since their
 * last answer is an excuse.
 */
class Polite(private val server: InetSocketAddress) : AutoCloseable {
    val complaints = ConcurrentLinkedQueue<String>()

    private val weathers = CopyOnWriteArrayList(listOf(Weather.STORM))

    @Volatile private var over = false
    private val keeps = Asker("on the connection it keeps", thinks = 1) { it.mayEnd }
    private val anew = Asker("on a new connection", thinks = 10, comesAnew = true) { it.mayRefuse }

    /** The weather has turned. */
    fun now(weather: Weather) {
        weathers += weather
    }

    /** What came of them in each weather, by how they ask, once this is closed. */
    fun served(): Map<String, Map<Weather, Served>> = listOf(keeps, anew).associate { it.how to it.served() }

    override fun close() {
        over = true
        keeps.join()
        anew.join()
    }

    private inner class Asker(
        val how: String,
        private val thinks: Long,
        private val comesAnew: Boolean = false,
        private val excuses: (Weather) -> Boolean,
    ) {
        private val waits = Weather.entries.associateWith { ArrayList<Int>() }
        private val turnedAway = Weather.entries.associateWithTo(LinkedHashMap()) { 0 }
        private var socket: Socket? = null
        private var answered = 0
        private val asking = thread { askOnAndOn() }

        fun join() = asking.join()

        fun served() = Weather.entries.associateWith { Served(waits.getValue(it), turnedAway.getValue(it)) }

        private fun askOnAndOn() {
            while (!over) {
                val now = weathers.lastIndex
                val start = System.nanoTime()
                try {
                    // Who has no connection yet is a newcomer, whatever it does then.
                    val socket = socket ?: connect()
                    ask(socket, "request at $start")
                    waits.getValue(weathers[now]) += TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start).toInt()
                    answered = now
                    if (comesAnew) leave()
                } catch (cause: IOException) {
                    turnedAway.merge(weathers[now], 1, Int::plus)
                    if (weathers.drop(answered).none(excuses)) complaints += "${weathers[now].words}, $how: $cause"
                    leave()
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(thinks))
            }
            leave()
        }

        private fun connect() = Socket().also {
            socket = it
            it.tcpNoDelay = true
            it.soTimeout = PATIENCE_MILLIS
            it.connect(server, PATIENCE_MILLIS)
        }

        private fun leave() {
            socket?.close()
            socket = null
        }

        private fun ask(socket: Socket, words: String) {
            val asked = words.encodeToByteArray()
            socket.outputStream.write(asked)
            val answer = socket.inputStream.readNBytes(asked.size)
            if (answer.size < asked.size) throw IOException("it ended after ${answer.size} of ${asked.size} bytes")
            if (!answer.contentEquals(asked)) complaints += "asked $words, got ${answer.decodeToString()}"
        }
    }
}

private const val PATIENCE_MILLIS = 60_000
