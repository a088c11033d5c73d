package socketeer

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.channels.Channel
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
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/*
 * Permit, accept, launch, close.
 *
 * A permit is taken before a connection, so at the limit the next one waits in the kernel's backlog and nobody is
 * refused. Each connection has a coroutine of its own; however that ends, its socket closes, its permit comes back, and
 * its end is counted once. Nothing that happens in it reaches the server or another connection.
 *
 * What goes wrong has its place. In a handler: it is that connection's end, and an event. In an events function: it
 * goes to the thread's uncaught-exception handler. In accepting: the server stops, `join` throws it, and `net` fails
 * with it. Anywhere else would be a bug in here, and nobody catches it: it is a CoroutineFailed.
 */

/** What a server does with a connection: it owns the connection until it returns, and what it launches ends with it. */
public typealias Handler = suspend Connection.() -> Unit

/**
 * A running server: see [Net.tcpServer].
 *
 * @property name what reports call it and its handler.
 */
public class Server internal constructor(
    private val listener: Listener,
    private val limits: Limits,
    private val events: Events,
    name: String?,
    time: TimeSource,
    private val handler: Handler,
    private val parent: CoroutineScope,
    private val quota: Long = Long.MAX_VALUE,
) {
    /** Where it listens, with the real port. */
    public val address: StreamAddress = listener.local

    public val name: String = name ?: "$address"

    private val job = SupervisorJob(parent.coroutineContext.job)
    private val scope = parent + job
    private val started = time.markNow()
    private val permits = Semaphore(limits.connections)
    private val door = Door(limits)
    private val roll = ConcurrentHashMap.newKeySet<Handling>()
    private val arrivals = Channel<Unit>(Channel.CONFLATED)
    private val tally = Tally()
    private val stopping = Mutex()
    private var receipt: Receipt? = null

    /** Completed when the server is told to stop: see [draining]. */
    internal val drain = Job()

    /** Whether who is cancelled while it stops still has the time for a last word. */
    @Volatile private var patient = false

    @Volatile private var failure: Throwable? = null

    /** How many connections it holds now. */
    public val connections: Int get() = roll.size

    /** What it has counted so far. */
    public val statistics: Statistics get() = tally.statistics(roll.map { it.connection })

    // ATOMIC: a coroutine that is cancelled before it starts must still close what it was made for.
    @OptIn(DelicateCoroutinesApi::class)
    private val accepting = scope.launch(start = CoroutineStart.ATOMIC) { acceptAll() }

    init {
        val watching = parent.launch { watchTimes() }
        job.invokeOnCompletion { watching.cancel() }
    }

    // ---- permit and accept

    private suspend fun acceptAll() {
        try {
            acceptUntilClosed()
        } catch (cause: CancellationException) {
            throw cause
        } catch (cause: Throwable) {
            fail(cause)
        } finally {
            // Whatever ended it but a stop, which has a use for it still: nobody accepts any more.
            if (!drain.isCompleted) {
                withContext(NonCancellable) { listener.close() }
                job.complete()
            }
        }
    }

    private fun fail(cause: Throwable) {
        failure = cause
        events(ServerFailed(address, cause, name))
        parent.launch { stop() }
    }

    private suspend fun acceptUntilClosed() {
        val backOff = BackOff()
        var isPaced = false
        while (tally.accepted.get() < quota) {
            permits.acquire()
            val connection =
                try {
                    listener.accept()
                } catch (cause: Throwable) {
                    permits.release()
                    when (cause) {
                        is ExhaustedException -> pause(backOff, cause)
                        is ClosedException -> return
                        else -> throw cause
                    }
                    continue
                }
            backOff.reset()
            admit(connection)
            val pause = door.pause(started.elapsedNow())
            if (pause.isPositive() && !isPaced) events(AcceptPaused(address, pause, null, name))
            isPaced = pause.isPositive()
            if (isPaced) delay(pause)
        }
    }

    /**
     * Waits for descriptors. When that takes long, those who wait in the backlog are told by a close, not by a hang.
     */
    private suspend fun pause(backOff: BackOff, cause: ExhaustedException) {
        if (backOff.isLong && listener is TurnsAway) listener.turnAway().forEach { refused(it, Refusal.EXHAUSTED) }
        val pause = backOff.next()
        events(AcceptPaused(address, pause, cause, name))
        delay(pause)
    }

    /** Takes [connection] in, which has a permit, or turns it away. */
    private suspend fun admit(connection: Connection) {
        val refusal = door.enter(connection.remote) ?: return handle(connection)
        permits.release()
        refused(connection.remote, refusal)
        connection.abort()
    }

    private fun refused(remote: Address, why: Refusal) {
        tally.refused.incrementAndGet()
        if (events.eachConnection) events(Refused(address, remote, why, name))
    }

    // ---- launch and close

    @OptIn(DelicateCoroutinesApi::class)
    private fun handle(connection: Connection) {
        tally.accepted.incrementAndGet()
        val handling = Handling(this, connection, started.elapsedNow())
        roll += handling
        arrivals.trySend(Unit)
        if (events.eachConnection) events(Accepted(connection.local, connection.remote, name))
        val home = (connection as? Hosted)?.home ?: EmptyCoroutineContext
        scope.launch(home + handling, CoroutineStart.ATOMIC) {
            handling.job = coroutineContext.job
            try {
                run(handling)
                linger(handling)
            } finally {
                withContext(NonCancellable) { leave(handling) }
            }
        }
    }

    // Inline: a state machine less for each connection that waits.
    private suspend inline fun CoroutineScope.run(handling: Handling) {
        try {
            coroutineScope {
                Served(handling.connection, coroutineContext).handler()
                dismiss(handling)
            }
            end(handling, Why.FINISHED)
        } catch (cause: Throwable) {
            val limit = handling.overdue
            when {
                limit != null -> end(handling, limit, timedOut(handling, limit))
                // A timeout of its own that a handler lets through is its fault; any other cancellation was a wish.
                cause is CancellationException && (cause !is TimeoutCancellationException || !isActive) ->
                    end(handling, Why.CANCELLED, cause)
                else -> end(handling, Why.FAILED, cause)
            }
        }
    }

    /** Counts and tells how [handling] ended, the first time. */
    private fun end(handling: Handling, why: Why, cause: Throwable? = null) {
        if (!handling.ends(End(why, cause))) return
        when (why) {
            Why.FINISHED -> tally.finished
            Why.CANCELLED -> tally.cancelled
            else -> tally.failed
        }.incrementAndGet()
        if (cause != null && why != Why.CANCELLED) {
            events(handling.run { HandlerFailed(connection.local, connection.remote, cause, name, client) })
        }
    }

    /** The handler has returned: what it launched ends with it, and doesn't keep the connection if it won't. */
    private suspend fun CoroutineScope.dismiss(handling: Handling) {
        val launched = coroutineContext.job.children.toList()
        if (launched.isEmpty()) return
        coroutineContext.cancelChildren()
        withTimeoutOrNull(CANCEL_TIME) { launched.joinAll() } ?: evict(handling, "what its handler launched")
    }

    private suspend fun evict(handling: Handling, what: String) {
        val cause = IllegalStateException("$handling: $what still runs $CANCEL_TIME after it was cancelled")
        end(handling, handling.overdue ?: Why.FAILED, cause)
        handling.connection.abort()
        leave(handling)
    }

    /** Lets the last word arrive, which a plain close might not: see [Hosted.finish]. */
    private suspend fun CoroutineScope.linger(handling: Handling) {
        val connection = handling.connection
        if (connection !is Hosted || connection.isFinished || handling.overdue == Why.WRITE_STALL) return
        if (!isActive && !patient && handling.overdue == null) return
        try {
            withContext(if (isActive) EmptyCoroutineContext else NonCancellable) {
                withTimeoutOrNull(limits.linger) { connection.finish() }
            }
        } catch (_: SocketeerException) {
            // The handler is done and its peer has gone first: there is nobody left to be told.
        }
    }

    private suspend fun leave(handling: Handling) {
        val connection = handling.connection
        connection.close()
        // Only once, though whoever comes first may not be the last.
        if (!roll.remove(handling)) return
        tally.received.addAndGet(connection.received)
        tally.sent.addAndGet(connection.sent)
        door.leave(connection.remote)
        permits.release()
        if (events.eachConnection) events(closed(handling))
    }

    private fun closed(handling: Handling): Closed = with(handling.connection) {
        val end = checkNotNull(handling.ending) { "$handling was closed before it ended" }
        val open = started.elapsedNow() - handling.since
        Closed(local, remote, end.why, end.cause, received, sent, open, name, handling.client)
    }

    // ---- limits on time

    private suspend fun watchTimes() {
        val step = limits.look
        while (true) {
            if (roll.isEmpty()) arrivals.receive()
            delay(step)
            for (handling in roll) {
                if (handling.overdue == null) handling.look(step, limits)?.let { expire(handling, it) }
            }
        }
    }

    private fun expire(handling: Handling, limit: Why) {
        // Its handler has ended, or hasn't begun: there is a limit for that elsewhere.
        val job = handling.job.takeIf { handling.ending == null } ?: return
        handling.overdue = limit
        scope.launch {
            if (limit == Why.WRITE_STALL) handling.connection.abort()
            job.cancel(CancellationException("$handling: ${limit.name}", timedOut(handling, limit)))
            withTimeoutOrNull(CANCEL_TIME + limits.linger) { job.join() } ?: evict(handling, "its handler")
        }
    }

    private fun timedOut(handling: Handling, limit: Why): TimedOutException = TimedOutException(
        "$handling: " + when (limit) {
            Why.FIRST_BYTE -> "no byte within Limits.firstByte = ${limits.firstByte}"
            Why.IDLE -> "no further byte for Limits.idle = ${limits.idle}"
            Why.WRITE_STALL -> "the peer took nothing for Limits.writeStall = ${limits.writeStall}"
            else -> "open for Limits.whole = ${limits.whole}"
        },
    )

    // ---- the end

    /**
     * Suspends until the server has stopped and its last connection has ended.
     *
     * @throws SocketeerException the one of [ServerFailed], if that is why it stopped.
     */
    public suspend fun join() {
        job.join()
        failure?.let { throw it }
    }

    /**
     * Stops: takes no new connection but those that wait in the backlog, and lets handlers know ([draining]); when
     * nothing more comes in, or a quarter of a second is over, ends the input of every connection, so that its handler
     * answers what has come and ends; after [grace] cancels those that go on, then aborts. Zero stops at once. Always
     * returns, two seconds after [grace] at the latest, and the port is free.
     */
    public suspend fun stop(grace: Duration = limits.drain): Receipt = withContext(NonCancellable) {
        stopping.withLock { receipt ?: drain(grace).also { receipt = it } }
    }

    private suspend fun drain(grace: Duration): Receipt {
        events(Draining(address, roll.size, grace, name))
        patient = grace.isPositive()
        drain.complete()
        accepting.cancelAndJoin()
        if (patient) {
            withTimeoutOrNull(grace) {
                withTimeoutOrNull(grace / 4) { acceptWaiting() }
                withTimeoutOrNull(minOf(grace / 4, RESTLESS)) { settle() }
                listener.close()
                onEach(roll) { it.connection.shutdown(Direction.READ) }
                job.complete()
                job.join()
            }
        }
        listener.close()
        job.complete()
        job.cancelChildren()
        withTimeoutOrNull(CANCEL_TIME) { job.join() }
        for (handling in roll) handling.ends(End(Why.ABORTED, null))
        val receipt = tally.receipt()
        withTimeoutOrNull(CANCEL_TIME) {
            onEach(roll) {
                it.connection.abort()
                leave(it)
            }
        }
        events(Drained(address, receipt, name))
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
            admit(next ?: break)
        }
    }

    /** Runs [action] on all of [handlings] at once and doesn't depend on it: a loop that is blocked answers nobody. */
    private suspend fun onEach(handlings: Collection<Handling>, action: suspend (Handling) -> Unit) {
        val apart = CoroutineScope(SupervisorJob() + Dispatchers.Unconfined)
        handlings.map { handling ->
            apart.launch {
                try {
                    action(handling)
                } catch (_: SocketeerException) {
                    // Its handler was quicker.
                }
            }
        }.joinAll()
    }

    /** Lets what peers have sent already come in, to all of them, before the first one is told that this is the end. */
    private suspend fun settle() {
        do {
            val before = roll.sumOf { it.connection.received }
            delay(QUIET)
        } while (roll.sumOf { it.connection.received } != before)
    }

    override fun toString(): String = "server $name ($connections connections)"
}

/** The connection as its handler sees it: the scope of what the handler launches. */
internal class Served(
    val connection: Connection,
    override val coroutineContext: CoroutineContext,
) : Connection by connection {
    override fun toString(): String = connection.toString()
}

/** Nothing received for so long, and what is on its way on this network has come. */
private val QUIET = 20.milliseconds

/** Who hasn't been quiet for so long won't be: it is answered as far as it has got. */
private val RESTLESS = 250.milliseconds

/** How long cancelled handlers may clean up. */
internal val CANCEL_TIME: Duration = 1.seconds
