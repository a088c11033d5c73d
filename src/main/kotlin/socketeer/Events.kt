package socketeer

import kotlin.time.Duration

/**
 * What happened, as a value: handed to the function given to [net], on the thread where it happens, which is mostly a
 * loop's: it must not block, and with several loops it is called by several threads. A logger is one such function.
 */
public sealed interface Event

/**
 * A function of events that says which it doesn't want. Any other function of [Event] is given all of them.
 *
 * What it throws is its own failure: that goes to the thread's uncaught-exception handler, and serving goes on.
 */
public interface Events : (Event) -> Unit {
    /**
     * Whether it wants what happens to every single connection: [Accepted], [Refused], [Closed]. Asked each time,
     * before the event is made, so that what nobody reads costs nothing.
     */
    public val eachConnection: Boolean
}

/** The server called [name] has taken in a connection. */
public data class Accepted(val local: Address, val remote: Address, val name: String) : Event

/** The server called [name] has turned a connection away. */
public data class Refused(val local: Address, val remote: Address, val why: Refusal, val name: String) : Event

/**
 * A connection that was [Accepted] is closed.
 *
 * @property why how its handler ended.
 * @property cause what the handler threw, or the limit it ran into; null if it returned.
 * @property received bytes from the peer.
 * @property sent bytes to it.
 * @property duration from accept to close.
 * @property client whom the header of a proxy named, see [proxied]; null if none did.
 */
public data class Closed(
    val local: Address,
    val remote: Address,
    val why: Why,
    val cause: Throwable?,
    val received: Long,
    val sent: Long,
    val duration: Duration,
    val name: String,
    val client: Address? = null,
) : Event

/** How a connection's handler ended. */
public enum class Why {
    /** It returned. */
    FINISHED,

    /** It threw. */
    FAILED,

    /** It ran into [Limits.firstByte]. */
    FIRST_BYTE,

    /** It ran into [Limits.idle]. */
    IDLE,

    /** It ran into [Limits.whole]. */
    WHOLE,

    /** It ran into [Limits.writeStall]. */
    WRITE_STALL,

    /** It was cancelled: its server's time to drain was over, or the scope that it runs in has ended. */
    CANCELLED,

    /** It didn't end when it was cancelled; its connection was reset. */
    ABORTED,
}

/**
 * A handler threw [cause], or ran into a limit, which is a [TimedOutException]; its connection is closed, nobody else
 * is touched. Told once for each [Receipt.failed].
 *
 * @property name of the handler's server.
 * @property client whom the header of a proxy named, see [proxied]; null if none did.
 */
public data class HandlerFailed(
    val local: Address,
    val remote: Address,
    val cause: Throwable,
    val name: String,
    val client: Address? = null,
) : Event

/** The server called [name] can accept no more, because of [cause]; `net` fails with that. */
public data class ServerFailed(val local: Address, val cause: Throwable, val name: String) : Event

/** A coroutine that belongs to no handler failed with [cause] and nobody was there to catch it. */
public data class CoroutineFailed(val cause: Throwable) : Event

/**
 * Something has kept a loop to itself [atLeast] this long, so every other connection on it waits.
 *
 * @property holder the handler's name and its connection, or the coroutine, that holds it.
 * @property stack where it stands, innermost call first.
 */
public data class LoopBlocked(val holder: String, val atLeast: Duration, val stack: List<StackTraceElement>) : Event

/**
 * Accepting pauses for [pause]; who comes meanwhile waits in the backlog.
 *
 * @property cause the process or the system is out of descriptors or memory; null: [Limits.acceptRate] is reached,
 *   which is told once until it is reached no more.
 */
public data class AcceptPaused(
    val local: Address,
    val pause: Duration,
    val cause: SocketeerException?,
    val name: String,
) : Event

/** The server called [name] was told to stop while it held [open] connections, which have [grace] to end. */
public data class Draining(val local: Address, val open: Int, val grace: Duration, val name: String) : Event

/** The server called [name] has stopped. */
public data class Drained(val local: Address, val receipt: Receipt, val name: String) : Event

/** What [net] does with events unless told otherwise: those that somebody should see go to standard error. */
public val printEvent: Events = object : Events {
    override val eachConnection: Boolean get() = false

    override fun invoke(event: Event) {
        event.toPrint()?.let(System.err::println)
    }

    override fun toString(): String = "printEvent"
}

private fun Event.toPrint(): String? = when (this) {
    is HandlerFailed ->
        when (cause) {
            // A peer that goes without a word is daily life for a server, and a close from here is somebody's wish.
            is BrokenException, is ClosedException -> null
            is SocketeerException -> "$local <- $remote${behind(client)}: ${cause.message}"
            else -> "$name: $local <- $remote${behind(client)}: ${cause.stackTraceToString()}"
        }
    is ServerFailed -> "$name: $local accepts no more: ${cause.stackTraceToString()}"
    is CoroutineFailed -> cause.stackTraceToString()
    is LoopBlocked -> "the loop has been held for $atLeast by $holder" + stack.joinToString("") { "\n\tat $it" }
    is AcceptPaused -> "$local: accepting pauses for $pause: ${cause?.message ?: "the accept rate is reached"}"
    is Accepted, is Refused, is Closed, is Draining, is Drained -> null
}

/** Whom a proxy named, in words. */
internal fun behind(client: Address?): String = client?.let { " for $it" }.orEmpty()

/** The user's function, whose failures are kept apart from what it is told about. */
internal class Told(private val events: (Event) -> Unit) : Events {
    override val eachConnection: Boolean get() = (events as? Events)?.eachConnection ?: true

    override fun invoke(event: Event) {
        try {
            events(event)
        } catch (cause: Throwable) {
            val thread = Thread.currentThread()
            thread.uncaughtExceptionHandler.uncaughtException(thread, cause)
        }
    }
}
