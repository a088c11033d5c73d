package socketeer

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.currentCoroutineContext
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater
import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/** Whether the server that this handler belongs to has been told to stop; false where no server is. */
public val CoroutineScope.draining: Boolean get() = coroutineContext[Handling]?.server?.drain?.isCompleted == true

/** Suspends until the server that this handler belongs to is told to stop: time to say goodbye, or to take no more. */
public suspend fun CoroutineScope.awaitDraining() {
    val handling = coroutineContext[Handling] ?: currentCoroutineContext()[Handling] ?: awaitCancellation()
    handling.server.drain.join()
}

/**
 * What a server knows of one connection. It goes with the handler's coroutines, so that whatever happens in them can be
 * reported with the handler's name and both addresses.
 */
internal class Handling(
    val server: Server,
    val connection: Connection,
    val since: Duration,
) : AbstractCoroutineContextElement(Handling) {
    /** The coroutine of this connection, once it runs. */
    @Volatile var job: Job? = null

    /** How it ended; null as long as its handler runs. */
    @Volatile var ending: End? = null
        private set

    /** True for the first one to say how it ended. */
    fun ends(how: End): Boolean = ENDING.compareAndSet(this, null, how)

    /** Whom its proxy named: see [proxied]. */
    @Volatile var client: Address? = null

    /** The limit that it ran into. */
    @Volatile var overdue: Why? = null

    // At the last look, by the one who looks.
    private var age = UNSEEN
    private var quiet = Duration.ZERO
    private var stalled = UNSEEN
    private var received = 0L
    private var sent = 0L

    /**
     * The limit that this connection has run into, if any. Time is counted in looks, one [step] apart or more: so a
     * process that was stopped for an hour doesn't find everybody idle.
     */
    fun look(step: Duration, limits: Limits): Why? {
        val (nowReceived, nowSent) = connection.received to connection.sent
        val waits = connection is Stalls && connection.isSendWaiting.also { if (it) connection.sendAgain() }
        age = age.after(step)
        quiet = if (age == Duration.ZERO || nowReceived != received || nowSent != sent) Duration.ZERO else quiet + step
        stalled = if (waits && (stalled < Duration.ZERO || nowSent == sent)) stalled.after(step) else UNSEEN
        received = nowReceived
        sent = nowSent
        return when {
            stalled >= limits.writeStall -> Why.WRITE_STALL
            age >= limits.whole -> Why.WHOLE
            received == 0L && sent == 0L && age >= limits.firstByte -> Why.FIRST_BYTE
            quiet >= limits.idle -> Why.IDLE
            else -> null
        }
    }

    private fun Duration.after(step: Duration) = if (this == UNSEEN) Duration.ZERO else this + step

    override fun toString(): String = "${server.name}: ${connection.local} <- ${connection.remote}${behind(client)}"

    companion object : CoroutineContext.Key<Handling> {
        private val UNSEEN = -Duration.INFINITE

        // There is one of these a connection, and an object less in it shows.
        private val ENDING = AtomicReferenceFieldUpdater.newUpdater(Handling::class.java, End::class.java, "ending")
    }
}

/** How a handling ended, and what was thrown. */
internal class End(val why: Why, val cause: Throwable?)
