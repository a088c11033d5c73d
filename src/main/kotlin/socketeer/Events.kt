package socketeer

import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/** What happened, as a value: handed to the function given to [net]; a logger is one such function. */
public sealed interface Event

/** A handler threw [cause]; its connection is closed, nobody else is touched. */
public data class HandlerFailed(val local: Address, val remote: Address, val cause: Throwable) : Event

/** A coroutine that belongs to no handler failed with [cause] and nobody was there to catch it. */
public data class CoroutineFailed(val cause: Throwable) : Event

/**
 * Something has kept a loop to itself [atLeast] this long, so every other connection on it waits.
 *
 * @property holder the connection, or the coroutine, that holds it.
 * @property stack where it stands, innermost call first.
 */
public data class LoopBlocked(val holder: String, val atLeast: Duration, val stack: List<StackTraceElement>) : Event

/** Accepting pauses for [pause]: the process or the system is out of descriptors or memory. */
public data class AcceptPaused(val local: Address, val pause: Duration, val cause: SocketeerException) : Event

/** What [net] does with events unless told otherwise: those that somebody should see go to standard error. */
public fun printEvent(event: Event) {
    when (event) {
        is HandlerFailed ->
            when (event.cause) {
                // A peer that goes without a word is daily life for a server, and a close from here is somebody's wish.
                is BrokenException, is ClosedException -> Unit
                is SocketeerException -> System.err.println("${event.local} <- ${event.remote}: ${event.cause.message}")
                else -> System.err.println("${event.local} <- ${event.remote}: ${event.cause.stackTraceToString()}")
            }
        is CoroutineFailed -> System.err.println(event.cause.stackTraceToString())
        is LoopBlocked ->
            System.err.println(
                "the loop has been held for ${event.atLeast} by ${event.holder}" +
                    event.stack.joinToString("") { "\n\tat $it" },
            )
        is AcceptPaused -> System.err.println(
            "${event.local}: accepting pauses for ${event.pause}: ${event.cause.message}",
        )
    }
}

/** Goes with a handler's coroutines so that a report can name the connection that they serve. */
internal class Handling(private val connection: Connection) : AbstractCoroutineContextElement(Handling) {
    override fun toString(): String = "${connection.local} <- ${connection.remote}"

    companion object : CoroutineContext.Key<Handling>
}
