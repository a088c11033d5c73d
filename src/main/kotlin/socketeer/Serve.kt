package socketeer

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/*
 * Permit, accept, launch, close.
 *
 * A permit is taken before a connection, so at the limit the next one waits in the kernel's backlog and nobody is
 * refused. Each connection has a coroutine of its own; however that ends, its socket closes, its permit comes back, and
 * its end is counted once. Nothing that happens in it reaches the server or another connection.
 */

/** What a server does with a connection: it owns the connection until it returns, and what it launches ends with it. */
public typealias Handler = suspend Connection.() -> Unit

/**
 * How a server's connections ended: [accepted] is the sum of the others.
 *
 * @property finished their handlers returned.
 * @property failed their handlers threw.
 * @property cancelled their handlers were cancelled when the time to drain was over.
 * @property aborted their handlers didn't end even then; their sockets were reset.
 */
public data class Receipt(
    val accepted: Long,
    val finished: Long,
    val failed: Long,
    val cancelled: Long,
    val aborted: Long,
)

/** A running server: see [Net.tcpServer]. */
public class Server internal constructor(
    private val listener: Listener,
    private val limits: Limits,
    private val events: (Event) -> Unit,
    private val handler: Handler,
    scope: CoroutineScope,
) {
    private val job = SupervisorJob(scope.coroutineContext.job)
    private val scope = scope + job
    private val permits = Semaphore(limits.connections)
    private val open = ConcurrentHashMap.newKeySet<Connection>()
    private val accepted = AtomicLong()
    private val finished = AtomicLong()
    private val failed = AtomicLong()
    private val cancelled = AtomicLong()
    private val stopping = Mutex()

    @Volatile private var draining = false
    private var receipt: Receipt? = null

    /** Where it listens, with the real port. */
    public val address: StreamAddress = listener.local

    /** How many connections it holds now. */
    public val connections: Int get() = open.size

    // ATOMIC: a coroutine that is cancelled before it starts must still close what it was made for.
    @OptIn(DelicateCoroutinesApi::class)
    private val accepting = this.scope.launch(start = CoroutineStart.ATOMIC) { acceptAll() }

    private suspend fun acceptAll() {
        try {
            acceptUntilClosed()
        } finally {
            // Whatever ended it but a stop, which has a use for it still: nobody accepts any more.
            if (!draining) withContext(NonCancellable) { listener.close() }
        }
    }

    private suspend fun acceptUntilClosed() {
        var pause = FIRST_PAUSE
        while (true) {
            permits.acquire()
            try {
                handle(listener.accept())
                pause = FIRST_PAUSE
            } catch (cause: ExhaustedException) {
                permits.release()
                events(AcceptPaused(address, pause, cause))
                delay(pause)
                pause = (pause * 2).coerceAtMost(LONGEST_PAUSE)
            } catch (cause: Throwable) {
                permits.release()
                if (cause is ClosedException) return
                throw cause
            }
        }
    }

    @OptIn(DelicateCoroutinesApi::class)
    private fun handle(connection: Connection) {
        accepted.incrementAndGet()
        open += connection
        val home = (connection as? Hosted)?.home ?: EmptyCoroutineContext
        scope.launch(home + Handling(connection), CoroutineStart.ATOMIC) {
            try {
                run(connection)
            } finally {
                withContext(NonCancellable) { connection.close() }
                open -= connection
                permits.release()
            }
        }
    }

    private suspend fun CoroutineScope.run(connection: Connection) {
        try {
            coroutineScope {
                Served(connection, coroutineContext).handler()
                coroutineContext.cancelChildren()
            }
            finished.incrementAndGet()
        } catch (cause: Throwable) {
            // A timeout of its own that a handler lets through is its fault; any other cancellation was somebody's wish.
            if (cause is CancellationException && (cause !is TimeoutCancellationException || !isActive)) {
                cancelled.incrementAndGet()
            } else {
                failed.incrementAndGet()
                events(HandlerFailed(connection.local, connection.remote, cause))
            }
            return
        }
        try {
            linger(connection)
        } catch (_: SocketeerException) {
            // The handler is done and its peer has gone first: there is nobody left to be told.
        }
    }

    /** Lets the last word arrive, which a plain close might not: see [Hosted.finish]. */
    private suspend fun linger(connection: Connection) {
        if (connection is Hosted && !connection.isFinished) withTimeoutOrNull(limits.linger) { connection.finish() }
    }

    /** Suspends until the server has stopped and its last connection has ended. */
    public suspend fun join(): Unit = job.join()

    /**
     * Stops: takes no new connection but those that wait in the backlog; when nothing more comes in (or a quarter of
     * [grace] is over) ends the input of every connection, so that its handler answers what has come and ends; after
     * [grace] cancels those that go on, then aborts. Zero stops at once. Always returns, two seconds after [grace] at
     * the latest.
     */
    public suspend fun stop(grace: Duration = limits.drain): Receipt = withContext(NonCancellable) {
        stopping.withLock { receipt ?: drain(grace).also { receipt = it } }
    }

    private suspend fun drain(grace: Duration): Receipt {
        draining = true
        accepting.cancelAndJoin()
        if (grace.isPositive()) {
            withTimeoutOrNull(grace) {
                withTimeoutOrNull(grace / 4) {
                    acceptWaiting()
                    settle()
                }
                listener.close()
                onEach(open.toList()) { it.shutdown(Direction.READ) }
                job.complete()
                job.join()
            }
        }
        listener.close()
        job.complete()
        job.cancelChildren()
        withTimeoutOrNull(CANCEL_TIME) { job.join() }
        val ended = finished.get() + failed.get() + cancelled.get()
        val receipt = Receipt(accepted.get(), finished.get(), failed.get(), cancelled.get(), accepted.get() - ended)
        withTimeoutOrNull(CANCEL_TIME) { onEach(open.toList()) { it.abort() } }
        return receipt
    }

    /** A client that the kernel has already welcomed is served, as far as it has spoken. */
    private suspend fun acceptWaiting() {
        while (listener.isOpen && permits.tryAcquire()) {
            var next: Connection? = null
            try {
                withTimeoutOrNull(1.milliseconds) { next = listener.accept() }
            } catch (_: SocketeerException) {
                // Closed, or nothing left to accept with: whoever waits is refused by the close that follows.
            }
            handle(next ?: break)
        }
    }

    /** Runs [action] on all of [connections] at once and doesn't depend on it: a loop that is blocked answers nobody. */
    private suspend fun onEach(connections: List<Connection>, action: suspend (Connection) -> Unit) {
        val apart = CoroutineScope(SupervisorJob() + Dispatchers.Unconfined)
        connections.map { connection ->
            apart.launch {
                try {
                    action(connection)
                } catch (_: SocketeerException) {
                    // Its handler was quicker.
                }
            }
        }.joinAll()
    }

    /** Lets what peers have sent already come in, to all of them, before the first one is told that this is the end. */
    private suspend fun settle() {
        do {
            val before = open.sumOf { it.received }
            delay(QUIET)
        } while (open.sumOf { it.received } != before)
    }

    override fun toString(): String = "server $address (${open.size} connections)"
}

/** The connection as its handler sees it: the scope of what the handler launches. */
private class Served(
    private val connection: Connection,
    override val coroutineContext: CoroutineContext,
) : Connection by connection {
    override fun toString(): String = connection.toString()
}

/** Long enough for a few connections to end, short enough that nobody who waits has given up. */
private val FIRST_PAUSE = 10.milliseconds
private val LONGEST_PAUSE = 1.seconds

/** Nothing received for so long, and what is on its way on this network has come. */
private val QUIET = 20.milliseconds

/** How long cancelled handlers may clean up. */
private val CANCEL_TIME = 1.seconds
