package socketeer

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.time.Duration

/** What a server does with one datagram: it gets the socket to answer on. */
public typealias DatagramHandler = suspend DatagramSocket.(Datagram) -> Unit

/**
 * A datagram socket that is served: see [Net.udpSocket] and [Net.udpServer].
 *
 * A [Receipt] of it counts datagrams where each has a handler, else the one block.
 */
public class DatagramServer internal constructor(
    private val socket: DatagramSocket,
    private val limits: Limits,
    private val events: Events,
    scope: CoroutineScope,
    serve: suspend DatagramServer.(CoroutineScope) -> Unit,
) {
    private val permits = Semaphore(limits.connections)
    private val tally = Tally()
    private val stopping = Mutex()
    private var receipt: Receipt? = null

    /** Where it receives, with the real port. */
    public val address: DatagramAddress = socket.local

    /** How many datagrams the kernel had to drop because nobody took them in time; null where it doesn't say. */
    public suspend fun dropped(): Long? = socket.dropped()

    // ATOMIC: a coroutine that is cancelled before it starts must still close its socket.
    @OptIn(DelicateCoroutinesApi::class)
    private val serving =
        scope.launch(start = CoroutineStart.ATOMIC) {
            try {
                supervisorScope {
                    try {
                        serve(this)
                    } catch (_: ClosedException) {
                        // Somebody closed it, or stop has ended its input: what was begun is still finished.
                    }
                }
            } finally {
                withContext(NonCancellable) { socket.close() }
            }
        }

    /** One datagram, one coroutine; it runs at once as far as it gets. At the limit the others wait in the kernel. */
    internal suspend fun each(scope: CoroutineScope, handler: DatagramHandler) {
        while (true) {
            permits.acquire()
            val datagram =
                try {
                    socket.recvfrom()
                } catch (cause: Throwable) {
                    permits.release()
                    throw cause
                }
            scope.launch(start = CoroutineStart.UNDISPATCHED) {
                try {
                    counted(datagram.from) { socket.handler(datagram) }
                } finally {
                    permits.release()
                }
            }
        }
    }

    /** The one [block] that does it all. */
    internal suspend fun all(block: suspend DatagramSocket.() -> Unit): Unit = counted(null) { socket.block() }

    /** Runs [block], which serves [from] or, if null, everybody; what it throws is reported and goes no further. */
    private suspend inline fun counted(from: DatagramAddress?, block: () -> Unit) {
        tally.accepted.incrementAndGet()
        try {
            block()
            tally.finished.incrementAndGet()
        } catch (cause: Throwable) {
            when {
                cause is CancellationException && !currentCoroutineContext().isActive ->
                    tally.cancelled.incrementAndGet()
                cause is ClosedException && (from == null || !socket.isOpen) -> tally.finished.incrementAndGet()
                else -> {
                    tally.failed.incrementAndGet()
                    events(HandlerFailed(address, from ?: address, cause, name = "$address"))
                }
            }
        }
    }

    /** Suspends until it has stopped, all handlers have ended, and the socket is closed. */
    public suspend fun join(): Unit = serving.join()

    /**
     * Stops: what has come already is still received and handled for at most [grace], then what runs is cancelled. Zero
     * stops at once.
     */
    public suspend fun stop(grace: Duration = limits.drain): Receipt = withContext(NonCancellable) {
        stopping.withLock { receipt ?: drain(grace).also { receipt = it } }
    }

    private suspend fun drain(grace: Duration): Receipt {
        events(Draining(address, tally.open.toInt(), grace, "$address"))
        if (grace.isPositive()) {
            (socket as? Drains)?.endInput()
            withTimeoutOrNull(grace) { serving.join() }
        }
        serving.cancel()
        withTimeoutOrNull(CANCEL_TIME) { serving.join() }
        socket.close()
        return tally.receipt().also { events(Drained(address, it, "$address")) }
    }

    override fun toString(): String = "server $address"
}
