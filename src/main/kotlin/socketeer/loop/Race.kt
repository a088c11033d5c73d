package socketeer.loop

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.onTimeout
import kotlinx.coroutines.selects.select
import kotlinx.coroutines.withContext
import socketeer.Connection
import socketeer.SocketeerException
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** RFC 8305, section 8: the recommended Connection Attempt Delay. */
internal val ATTEMPT_DELAY: Duration = 250.milliseconds

/**
 * Connects to the first of [targets] that answers, as RFC 8305 says: the next attempt starts [stagger] after the last,
 * or at once when one has failed; the others are closed. If all fail: the first failure, the others suppressed in it.
 */
internal suspend fun <T> race(
    targets: List<T>,
    stagger: Duration = ATTEMPT_DELAY,
    attempt: suspend (T) -> Connection,
): Connection {
    if (targets.size == 1) return attempt(targets.single())
    val outcomes = Channel<Result<Connection>>(Channel.UNLIMITED)
    val made = ConcurrentLinkedQueue<Connection>()
    val failures = ArrayList<Throwable>()
    var winner: Connection? = null
    try {
        coroutineScope {
            val waiting = targets.iterator()
            while (winner == null && failures.size < targets.size) {
                if (waiting.hasNext()) {
                    val target = waiting.next()
                    launch { outcomes.send(outcomeOf { attempt(target).also(made::add) }) }
                }
                val outcome = next(outcomes, stagger.takeIf { waiting.hasNext() }) ?: continue
                winner = outcome.getOrNull()
                outcome.exceptionOrNull()?.let(failures::add)
            }
            coroutineContext.cancelChildren()
        }
        // Thrown out here: coming out of a scope, an exception may be replaced by a copy without what is suppressed in
        // it.
        return winner ?: throw failures.reduce { first, other -> first.apply { addSuppressed(other) } }
    } catch (cause: Throwable) {
        winner = null
        throw cause
    } finally {
        // The scope has ended, so every attempt has: whoever connected and isn't wanted is here.
        withContext(NonCancellable) { for (connection in made) if (connection !== winner) connection.close() }
    }
}

@OptIn(ExperimentalCoroutinesApi::class)
private suspend fun next(outcomes: Channel<Result<Connection>>, atMost: Duration?): Result<Connection>? = select {
    outcomes.onReceive { it }
    if (atMost != null) onTimeout(atMost) { null }
}

/** What [attempt] gives, or why it failed: a value, so that it passes through scopes unchanged. */
internal suspend fun outcomeOf(attempt: suspend () -> Connection): Result<Connection> = try {
    Result.success(attempt())
} catch (cause: SocketeerException) {
    Result.failure(cause)
}
