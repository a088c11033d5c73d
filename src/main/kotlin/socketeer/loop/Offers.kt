package socketeer.loop

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.onFailure
import kotlinx.coroutines.channels.onSuccess
import kotlinx.coroutines.selects.SelectClause1

/**
 * What a `select` waits for on one socket.
 *
 * A clause that loses must lose nothing. So what comes for a select is offered in a place for one, where either the
 * select takes it, or the next plain receive does, whichever is first; nobody can get it twice, and nobody not at all.
 *
 * @param putBack puts in front of all else what was taken back, or delivered to a select that was cancelled just then.
 */
internal class Offers<T>(private val poller: Poller, private val putBack: (T) -> Unit) {
    private val place =
        Channel<T>(1) { undelivered ->
            if (poller.isHere) putBack(undelivered) else poller.post { putBack(undelivered) }
        }

    /** A select has asked, and nothing was there. */
    var wanted = false
        private set

    /** The clause; [look] offers what is there already, on the poller, once the select has had the time to wait. */
    fun clause(look: () -> Unit): SelectClause1<T> {
        poller.post {
            wanted = true
            retract()
            look()
        }
        return place.onReceive
    }

    fun offer(value: T) {
        wanted = false
        place.trySend(value).onFailure { putBack(value) }
    }

    /** Takes back what no select has taken. */
    fun retract() {
        place.tryReceive().onSuccess(putBack)
    }

    /** Whoever waits, and whoever will, ends with [cause]. */
    fun fail(cause: Throwable) {
        place.close(cause)
    }
}
