package socketeer.watch

import org.slf4j.Logger
import org.slf4j.spi.LoggingEventBuilder
import socketeer.AcceptPaused
import socketeer.Accepted
import socketeer.Address
import socketeer.BrokenException
import socketeer.Closed
import socketeer.ClosedException
import socketeer.CoroutineFailed
import socketeer.Drained
import socketeer.Draining
import socketeer.Event
import socketeer.Events
import socketeer.HandlerFailed
import socketeer.LoopBlocked
import socketeer.MalformedException
import socketeer.Refused
import socketeer.ServerFailed
import socketeer.SocketeerException
import socketeer.TimedOutException
import socketeer.TooLargeException

/**
 * A consumer of events that tells them to [logger], `net(events = slf4j(logger))`: a few words, the same each time, and
 * the rest as keys and values.
 *
 * The level says who should look. ERROR: there is a bug, in a handler or in here. WARN: the machine, its network or the
 * configuration is at a limit. INFO: a server's own steps. DEBUG: what any peer can bring about as often as it likes,
 * so that nobody can flood a log at INFO from outside.
 */
public fun slf4j(logger: Logger): Events = Log(logger)

private class Log(private val logger: Logger) : Events {
    override val eachConnection: Boolean get() = logger.isDebugEnabled

    override fun invoke(event: Event) {
        when (event) {
            is Accepted -> logger.atDebug().of(event.name, event.local, event.remote).log("accepted")
            is Refused ->
                logger.atDebug().of(event.name, event.local, event.remote).and("why", event.why).log("refused")
            is Closed -> closed(event)
            is HandlerFailed -> failed(event)
            is CoroutineFailed -> logger.atError().setCause(event.cause).log("coroutine failed")
            is ServerFailed -> logger.atError().of(event.name, event.local).setCause(event.cause).log("server failed")
            is LoopBlocked -> blocked(event)
            is AcceptPaused ->
                logger.atWarn().of(event.name, event.local).and("pause", event.pause)
                    .and("cause", event.cause?.message ?: "accept rate").log("accepting pauses")
            is Draining ->
                logger.atInfo().of(event.name, event.local).and("open", event.open).and("grace", event.grace)
                    .log("draining")
            is Drained -> drained(event)
        }
    }

    private fun closed(event: Closed) = logger.atDebug().of(event.name, event.local, event.remote)
        .and("why", event.why)
        .and("received", event.received)
        .and("sent", event.sent)
        .and("duration", event.duration)
        .behind(event.client)
        .log("closed")

    private fun failed(event: HandlerFailed) = when (val cause = event.cause) {
        // A peer goes, falls silent, talks nonsense: daily life. What else a socket can't do, a stack doesn't explain.
        is BrokenException, is ClosedException, is TimedOutException, is MalformedException, is TooLargeException ->
            logger.atDebug().and("cause", cause.message)
        is SocketeerException -> logger.atWarn().and("cause", cause.message)
        else -> logger.atError().setCause(cause)
    }.of(event.name, event.local, event.remote).behind(event.client).log("handler failed")

    private fun blocked(event: LoopBlocked) {
        // Loggers take a stack in a throwable; this one was never thrown.
        val stack = Throwable("the stack of ${event.holder}").also { it.stackTrace = event.stack.toTypedArray() }
        logger.atWarn().and("holder", event.holder).and("atLeast", event.atLeast).setCause(stack).log("loop blocked")
    }

    private fun drained(event: Drained) = logger.atInfo().of(event.name, event.local)
        .and("accepted", event.receipt.accepted)
        .and("finished", event.receipt.finished)
        .and("failed", event.receipt.failed)
        .and("cancelled", event.receipt.cancelled)
        .and("aborted", event.receipt.aborted)
        .and("refused", event.receipt.refused)
        .log("drained")

    override fun toString(): String = "slf4j(${logger.name})"
}

private fun LoggingEventBuilder.of(server: String, local: Address): LoggingEventBuilder =
    and("server", server).and("local", local)

private fun LoggingEventBuilder.of(server: String, local: Address, remote: Address): LoggingEventBuilder =
    of(server, local).and("remote", remote)

private fun LoggingEventBuilder.behind(client: Address?): LoggingEventBuilder =
    if (client == null) this else and("client", client)

/** Numbers as numbers, everything else as the words it prints. */
private fun LoggingEventBuilder.and(key: String, value: Any?): LoggingEventBuilder =
    addKeyValue(key, value as? Number ?: value?.toString())
