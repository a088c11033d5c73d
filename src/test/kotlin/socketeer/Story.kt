package socketeer

import kotlinx.coroutines.channels.Channel
import java.util.concurrent.CopyOnWriteArrayList

/** What was told: in order, and to be waited for. */
class Story : (Event) -> Unit {
    val all = CopyOnWriteArrayList<Event>()
    val next = Channel<Event>(Channel.UNLIMITED)

    override fun invoke(event: Event) {
        all += event
        next.trySend(event)
    }

    /** The next event of this kind; others are passed over. */
    suspend inline fun <reified E : Event> first(): E {
        for (event in next) if (event is E) return event
        error("no ${E::class.simpleName} was told")
    }
}
