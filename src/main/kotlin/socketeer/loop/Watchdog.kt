package socketeer.loop

import socketeer.Event
import socketeer.Handling
import socketeer.LoopBlocked
import java.util.concurrent.locks.LockSupport
import kotlin.concurrent.thread
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds

/**
 * Looks at a loop from outside, twice in every [hold]: if the same holder has had it all the time, that is an event,
 * once a holder. The loop pays two ordered stores a turn for it, and no clock.
 */
internal class Watchdog(
    private val loop: SelectLoop,
    private val poller: LoopPoller,
    private val hold: Duration,
    private val events: (Event) -> Unit,
) : AutoCloseable {
    @Volatile private var open = true
    private val watcher = if (hold.isFinite()) {
        thread(name = "${Thread.currentThread().name}-watchdog", isDaemon = true) {
            watch()
        }
    } else {
        null
    }

    private fun watch() {
        var seen = -1L
        var since = 0L
        var reported = -1L
        while (open) {
            val beat = poller.beat.get()
            val holder = poller.holder.get()
            val now = System.nanoTime()
            if (beat != seen) {
                seen = beat
                since = now
            } else if (holder != null && reported != beat && now - since >= hold.inWholeNanoseconds) {
                reported = beat
                val stack = loop.thread?.stackTrace.orEmpty().toList()
                if (poller.beat.get() == beat) events(LoopBlocked(name(holder), (now - since).nanoseconds, stack))
            }
            LockSupport.parkNanos(this, hold.inWholeNanoseconds / 2)
        }
    }

    private fun name(holder: Any): String = when (holder) {
        is CoroutineContext -> "${holder[Handling] ?: holder}"
        is Watch -> holder.onBehalfOf
        else -> "$holder"
    }

    override fun close() {
        open = false
        watcher?.let(LockSupport::unpark)
    }
}
