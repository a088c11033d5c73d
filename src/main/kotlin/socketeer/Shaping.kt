package socketeer

import kotlinx.coroutines.CompletableJob
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.SelectClause1
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicReference
import kotlin.time.Duration
import kotlin.time.TimeSource

/**
 * [handler] on a connection that is no faster than these rates, each direction for itself; null is no limit.
 *
 * What may not come yet stays with the kernel and so with the peer, what may not go yet with the sender, who waits: no
 * byte is dropped or held here. All else is as on any connection, cancellation and `select` included.
 *
 * @param receive how many bytes are received.
 * @param send how many bytes are sent.
 * @param receives how many receives give something: messages, where a peer sends one and waits. To count
 *   frames, [Throttle].
 * @param time what tells the time; in a test, the test's.
 */
public fun shaped(
    receive: Rate? = null,
    send: Rate? = null,
    receives: Rate? = null,
    time: TimeSource = TimeSource.Monotonic,
    handler: Handler,
): Handler = { shaped(receive, send, receives, time).handler() }

/** This connection, no faster than these rates; see [shaped]. From now on, only what this gives is to be used. */
public fun Connection.shaped(
    receive: Rate? = null,
    send: Rate? = null,
    receives: Rate? = null,
    time: TimeSource = TimeSource.Monotonic,
): Connection {
    val sending = if (send == null) this else ShapedSending(this, Throttle(send, time))
    if (receive == null && receives == null) return sending
    return ShapedReceiving(sending, receive?.let { Throttle(it, time) }, receives?.let { Throttle(it, time) })
}

/**
 * Receives no faster than [bytes] a time, no more often than [times].
 *
 * What is taken from the buckets is what [Connection.received] says has come, so bytes that are looked at, put back and
 * received again pass once.
 */
private class ShapedReceiving(
    private val connection: Connection,
    private val bytes: Throttle?,
    private val times: Throttle?,
) : Connection by connection {
    private val busy = AtomicBoolean()
    private val gone = Job()
    private val selects = Selects(connection) { connection.recv(room(DEFAULT_RECV)).also { came(it != null) } }
    private var counted = connection.received

    override suspend fun recv(max: Int): ByteString? {
        require(max >= 1) { "max >= 1, was $max" }
        return receiving("recv") { connection.recv(room(max)).also { came(it != null) } }
    }

    override suspend fun recvInto(buffer: ByteBuffer): Int {
        if (!buffer.hasRemaining()) return connection.recvInto(buffer)
        return receiving("recvInto") {
            val limit = buffer.limit()
            buffer.limit(buffer.position() + room(buffer.remaining()))
            try {
                connection.recvInto(buffer).also { came(it > 0) }
            } finally {
                buffer.limit(limit)
            }
        }
    }

    override suspend fun recvExactly(n: Int): ByteString? =
        receiving("recvExactly") {
            bring(n)
            connection.recvExactly(n).also { came(it != null) }
        }

    override suspend fun peek(n: Int): ByteString? =
        receiving("peek") {
            bring(n)
            connection.peek(n)
        }

    override suspend fun unread(bytes: ByteString): Unit = receiving("unread") { connection.unread(bytes) }

    override val onRecv: SelectClause1<ByteString?>
        get() {
            if (busy.get()) throw BusyException("onRecv on $this: another receive is waiting")
            return selects.clause()
        }

    override suspend fun close() {
        gone.complete()
        connection.close()
        selects.failIfClosed()
    }

    override suspend fun abort() {
        gone.complete()
        connection.abort()
        selects.failIfClosed()
    }

    override fun toString(): String = connection.toString()

    private suspend inline fun <T> receiving(call: String, block: () -> T): T {
        if (!busy.compareAndSet(false, true)) throw BusyException("$call on $this: another receive is waiting")
        try {
            selects.retract()
            return block()
        } finally {
            passed()
            busy.set(false)
        }
    }

    /** Lets the first [n] bytes come, as fast as they may; they stay in front, whatever ends this early. */
    private suspend fun bring(n: Int) {
        require(n >= 0) { "n >= 0, was $n" }
        val pieces = ArrayList<ByteString>()
        var have = 0
        try {
            while (have < n) {
                val piece = connection.recv(room(n - have)) ?: break
                passed()
                pieces += piece
                have += piece.size
            }
        } finally {
            withContext(NonCancellable) { putBack(pieces) }
        }
    }

    private suspend fun putBack(pieces: List<ByteString>) {
        try {
            val all = ByteArray(pieces.sumOf { it.size })
            pieces.fold(0) { at, piece -> at + piece.size.also { piece.copyInto(all, at) } }
            if (all.isNotEmpty()) connection.unread(ByteString(all))
        } catch (_: ClosedException) {
            // Nobody receives here any more, as the call that follows will say.
        }
    }

    /** How many bytes may come, 1 to [max]; waits until it's worth asking for them. */
    private suspend fun room(max: Int): Int {
        if (times != null) connection.awaitRoom(times, 1, gone)
        return if (bytes == null) max else minOf(max, connection.awaitRoom(bytes, max, gone))
    }

    private fun came(something: Boolean) {
        if (something) times?.passed(1)
        passed()
    }

    private fun passed() {
        val now = connection.received
        bytes?.passed(now - counted)
        counted = now
    }
}

/** Sends no faster than [bytes] a time, a piece at a time. */
private class ShapedSending(private val connection: Connection, private val bytes: Throttle) :
    Connection by connection {
    private val busy = AtomicBoolean()
    private val gone = Job()

    override suspend fun send(buffer: ByteBuffer) {
        if (!busy.compareAndSet(false, true)) throw BusyException("send on $this: another send is waiting")
        val limit = buffer.limit()
        try {
            do {
                val piece = minOf(buffer.remaining(), if (buffer.hasRemaining()) room(buffer.remaining()) else 0)
                buffer.limit(buffer.position() + piece)
                sendPiece(buffer)
                buffer.limit(limit)
            } while (buffer.hasRemaining())
        } finally {
            buffer.limit(limit)
            busy.set(false)
        }
    }

    private suspend fun room(max: Int) = connection.awaitRoom(bytes, max, gone)

    private suspend fun sendPiece(buffer: ByteBuffer) {
        val before = buffer.position()
        try {
            connection.send(buffer)
        } finally {
            bytes.passed((buffer.position() - before).toLong())
        }
    }

    override suspend fun send(bytes: ByteArray): Unit = send(ByteBuffer.wrap(bytes))

    override suspend fun send(bytes: ByteString): Unit = send(ByteBuffer.wrap(arrayOf(bytes)))

    override suspend fun send(text: String): Unit = send(text.encodeToByteArray())

    override suspend fun sendFile(path: Path, offset: Long, count: Long): Long = copyFile(path, offset, count)

    override suspend fun shutdown(how: Direction) {
        // A stream that ends in the middle of a send would look complete to the peer.
        if (how != Direction.READ && busy.get()) throw BusyException("shutdown on $this: a send is waiting")
        connection.shutdown(how)
    }

    override suspend fun close() {
        gone.complete()
        connection.close()
    }

    override suspend fun abort() {
        gone.complete()
        connection.abort()
    }

    override fun toString(): String = connection.toString()
}

/**
 * Waits until [throttle] has room for a good part of [max] and says how much there is, at most [max]. Once the
 * connection is [gone] nothing is waited for: the call that follows will say so.
 */
private suspend fun Connection.awaitRoom(throttle: Throttle, max: Int, gone: CompletableJob): Int {
    // A sixteenth of the rate: smooth enough, and not a call for each byte.
    val part = (throttle.rate.amount / PARTS).coerceIn(1, minOf(max, GREATEST_PART).toLong()).toInt()
    while (isOpen && gone.isActive) {
        val wait = throttle.waitFor(part)
        if (wait == Duration.ZERO) break
        withTimeoutOrNull(wait) { gone.join() }
    }
    return throttle.room.coerceIn(1, max)
}

/**
 * `select` on a connection whose receives may have to wait: a receive of its own does that, and what it gets is in a
 * place for one, where either a select takes it, or the next plain receive does, whichever is first.
 */
private class Selects(private val connection: Connection, private val receive: suspend () -> ByteString?) {
    private val lost = AtomicReference<ByteString?>()
    private val place = Channel<ByteString?>(1) { undelivered -> lost.set(undelivered) }
    private var receiving: Job? = null

    fun clause(): SelectClause1<ByteString?> {
        synchronized(place) {
            if (receiving?.isActive != true) receiving = connection.launch { offer() }
        }
        failIfClosed()
        return place.onReceive
    }

    private suspend fun offer() {
        try {
            putBack()
            place.trySend(receive())
        } catch (cause: SocketeerException) {
            place.close(cause)
        } finally {
            failIfClosed()
        }
    }

    fun failIfClosed() {
        if (!connection.isOpen) place.close(ClosedException("receive on $connection: it is closed"))
    }

    /** Takes back what no select has taken: it is the next to be received. */
    suspend fun retract() {
        synchronized(place) { receiving }?.cancelAndJoin()
        putBack()
    }

    private suspend fun putBack() {
        place.tryReceive().getOrNull()?.let { lost.set(it) }
        lost.getAndSet(null)?.let { connection.unread(it) }
    }
}

private const val PARTS = 16
private const val GREATEST_PART = 16_384
