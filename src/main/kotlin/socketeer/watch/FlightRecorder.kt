package socketeer.watch

import socketeer.AcceptPaused
import socketeer.Accepted
import socketeer.Address
import socketeer.Closed
import socketeer.CoroutineFailed
import socketeer.Drained
import socketeer.Draining
import socketeer.Event
import socketeer.Events
import socketeer.HandlerFailed
import socketeer.LoopBlocked
import socketeer.Refused
import socketeer.ServerFailed
import java.util.concurrent.ConcurrentHashMap
import kotlin.math.abs

/**
 * A consumer of events, `net(events = flightRecorder())`, that writes them to the JDK's flight recorder while a
 * recording runs, and costs next to nothing while none does. `jcmd PID JFR.start` begins one from outside.
 *
 * `socketeer.Connection` and `socketeer.Drain` last, so that a recording's thresholds hold for them; `HandlerFailed`,
 * `CoroutineFailed`, `ServerFailed`, `LoopBlocked`, `AcceptPaused` and `Refused` are moments. A stack is text, of the
 * 64 innermost calls. Needs the module `jdk.jfr`.
 */
public fun flightRecorder(): Events = Recorder()

private class Recorder : Events {
    private val connections = Lasting<Pair<Address, Address>, Recorded.Connection>()
    private val drains = Lasting<Pair<Address, String>, Recorded.Drain>()

    override val eachConnection: Boolean
        get() = !connections.isEmpty || Recorded.Connection().isEnabled || Recorded.Refused().isEnabled

    override fun invoke(event: Event) {
        when (event) {
            is Accepted -> connections.begin(event.local to event.remote, Recorded.Connection())
            is Closed -> record(event)
            is Refused -> record(event)
            is HandlerFailed -> record(event)
            is CoroutineFailed -> record(event)
            is ServerFailed -> record(event)
            is LoopBlocked -> record(event)
            is AcceptPaused -> record(event)
            is Draining -> begin(event)
            is Drained -> record(event)
        }
    }

    private fun record(event: Closed) {
        val open = event.duration.inWholeNanoseconds
        (connections.end(event.local to event.remote, open) ?: Recorded.Connection()).commit {
            it.server = event.name
            it.local = "${event.local}"
            it.remote = "${event.remote}"
            it.client = event.client?.toString()
            it.why = "${event.why}"
            it.cause = event.cause?.toString()
            it.received = event.received
            it.sent = event.sent
            it.open = open
        }
    }

    private fun begin(event: Draining) {
        val drain = Recorded.Drain()
        drain.grace = event.grace.inWholeNanoseconds
        drains.begin(event.local to event.name, drain)
    }

    private fun record(event: Drained) {
        (drains.end(event.local to event.name) ?: Recorded.Drain()).commit {
            it.server = event.name
            it.local = "${event.local}"
            it.accepted = event.receipt.accepted
            it.finished = event.receipt.finished
            it.failed = event.receipt.failed
            it.cancelled = event.receipt.cancelled
            it.aborted = event.receipt.aborted
            it.refused = event.receipt.refused
        }
    }

    override fun toString(): String = "flightRecorder()"
}

private fun record(event: Refused) = Recorded.Refused().commit {
    it.server = event.name
    it.local = "${event.local}"
    it.remote = "${event.remote}"
    it.why = "${event.why}"
}

private fun record(event: HandlerFailed) = Recorded.HandlerFailed().commit {
    it.server = event.name
    it.local = "${event.local}"
    it.remote = "${event.remote}"
    it.client = event.client?.toString()
    it.cause = "${event.cause}"
    it.stack = event.cause.stackTrace.text()
}

private fun record(event: CoroutineFailed) = Recorded.CoroutineFailed().commit {
    it.cause = "${event.cause}"
    it.stack = event.cause.stackTrace.text()
}

private fun record(event: ServerFailed) = Recorded.ServerFailed().commit {
    it.server = event.name
    it.local = "${event.local}"
    it.cause = "${event.cause}"
    it.stack = event.cause.stackTrace.text()
}

private fun record(event: LoopBlocked) = Recorded.LoopBlocked().commit {
    it.holder = event.holder
    it.atLeast = event.atLeast.inWholeNanoseconds
    it.stack = event.stack.toTypedArray().text()
}

private fun record(event: AcceptPaused) = Recorded.AcceptPaused().commit {
    it.server = event.name
    it.local = "${event.local}"
    it.pause = event.pause.inWholeNanoseconds
    it.cause = event.cause?.toString()
}

/** Fills in what a recording wants to know, if one runs and this is long enough for it. */
private inline fun <E : jdk.jfr.Event> E.commit(fill: (E) -> Unit) {
    end()
    if (!shouldCommit()) return
    fill(this)
    commit()
}

/** Events that have begun and not ended, by what tells them apart. */
private class Lasting<K : Any, E : jdk.jfr.Event> {
    private class Begun<E>(val event: E, val at: Long = System.nanoTime())

    private val begun = ConcurrentHashMap<K, List<Begun<E>>>()

    val isEmpty: Boolean get() = begun.isEmpty()

    fun begin(key: K, event: E) {
        if (!event.isEnabled) return
        event.begin()
        begun.merge(key, listOf(Begun(event)), List<Begun<E>>::plus)
    }

    /**
     * The one that began [nanos] ago; null if that was before the recording. Clients of a Unix socket have no name, so
     * several can have one key: then it is the one that fits best.
     */
    fun end(key: K, nanos: Long = 0): E? {
        var ended: Begun<E>? = null
        val start = System.nanoTime() - nanos
        begun.computeIfPresent(key) { _, all ->
            val fits = all.minBy { abs(it.at - start) }
            ended = fits
            (all - fits).ifEmpty { null }
        }
        return ended?.event
    }
}

/** As deep as JFR's own stacks are unless it is told otherwise. */
private fun Array<StackTraceElement>.text() = take(DEEPEST).joinToString("\n")

private const val DEEPEST = 64
