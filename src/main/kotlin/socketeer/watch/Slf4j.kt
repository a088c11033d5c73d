package socketeer.watch

import org.slf4j.Logger
import org.slf4j.spi.LoggingEventBuilder
import socketeer.AcceptPaused
import socketeer.Address
import socketeer.BrokenException
import socketeer.ClosedException
import socketeer.CoroutineFailed
import socketeer.Event
import socketeer.HandlerFailed
import socketeer.LoopBlocked
import socketeer.SocketeerException

/**
 * A consumer of events that tells them to [logger], `net(events = slf4j(logger))`: a short message, and the rest as keys
 * and values. Needs SLF4J 2, which is an optional dependency.
 *
 * The level says who has something to do. ERROR: a bug in a handler or in the library. WARN: the machine or the
 * configuration is at its limit. INFO: a server's own steps, and handlers that end with a fault of the socket's.
 * DEBUG: what any peer can bring about as often as it likes, so that a log at INFO can't be flooded from outside.
 */
public fun slf4j(logger: Logger): (Event) -> Unit =
    { event ->
        when (event) {
            is HandlerFailed -> logger.tell(event)
            is CoroutineFailed -> logger.atError().setCause(event.cause).log("coroutine failed")
            is LoopBlocked -> logger.tell(event)
            is AcceptPaused ->
                logger.atWarn().addKeyValue("local", event.local).addKeyValue("pause", event.pause)
                    .addKeyValue("cause", event.cause.message).log("accepting pauses")
        }
    }

private fun Logger.tell(event: HandlerFailed) {
    val cause = event.cause
    when (cause) {
        // A peer that goes without a word is daily life for a server, and a close from here is somebody's wish.
        is BrokenException, is ClosedException -> atDebug().addKeyValue("cause", cause.message)
        is SocketeerException -> atInfo().addKeyValue("cause", cause.message)
        else -> atError().setCause(cause)
    }.between(event.local, event.remote).log("handler failed")
}

private fun Logger.tell(event: LoopBlocked) {
    // A throwable is how loggers take a stack.
    val there = Throwable("the loop is held here").also { it.stackTrace = event.stack.toTypedArray() }
    atWarn().addKeyValue("holder", event.holder).addKeyValue("atLeast", event.atLeast).setCause(there).log("loop blocked")
}

private fun LoggingEventBuilder.between(local: Address, remote: Address): LoggingEventBuilder =
    addKeyValue("local", local).addKeyValue("remote", remote)
