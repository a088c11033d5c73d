package socketeer.watch

import socketeer.AcceptPaused
import socketeer.CoroutineFailed
import socketeer.Event
import socketeer.HandlerFailed
import socketeer.LoopBlocked

/**
 * A consumer of events, `net(events = flightRecorder())`, that writes them to the JDK's flight recorder as `socketeer.…`:
 * while a recording runs, and at next to no cost while none does. From outside, `jcmd PID JFR.start` begins one.
 */
public fun flightRecorder(): (Event) -> Unit =
    { event ->
        when (event) {
            is HandlerFailed -> event.record()
            is CoroutineFailed -> event.record()
            is LoopBlocked -> event.record()
            is AcceptPaused -> event.record()
        }
    }

private fun HandlerFailed.record() = Recorded.HandlerFailed().commit { told ->
    told.local = "$local"
    told.remote = "$remote"
    told.cause = "$cause"
    told.stack = cause.stackTrace.text()
}

private fun CoroutineFailed.record() = Recorded.CoroutineFailed().commit { told ->
    told.cause = "$cause"
    told.stack = cause.stackTrace.text()
}

private fun LoopBlocked.record() = Recorded.LoopBlocked().commit { told ->
    told.holder = holder
    told.atLeast = atLeast.inWholeNanoseconds
    told.stack = stack.toTypedArray().text()
}

private fun AcceptPaused.record() = Recorded.AcceptPaused().commit { told ->
    told.local = "$local"
    told.pause = pause.inWholeNanoseconds
    told.cause = "${cause.message}"
}

/** Fills in what a recording wants to know, if one runs. */
private inline fun <E : jdk.jfr.Event> E.commit(fill: (E) -> Unit) {
    if (!isEnabled) return
    fill(this)
    commit()
}

/** As deep as JFR's own stacks are unless it is told otherwise. */
private fun Array<StackTraceElement>.text() = take(DEEPEST).joinToString("\n")

private const val DEEPEST = 64
