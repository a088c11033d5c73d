package socketeer.testing

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext

/*
 * Cancelling a call wherever it can be cancelled.
 *
 * A call is played again and again, and each time it is cancelled a little later: at the k-th time it suspends; at the
 * k-th time it is about to go on, when its result is on the way already and is the easiest to lose; and after k turns
 * of its own dispatcher, where no foreign dispatcher keeps an implementation from its short ways. Until it is over
 * before the cancel comes: then every point has been tried.
 */

/** The moment of a cancel. */
internal class Cut(private val kind: Kind, private val k: Int) {
    enum class Kind { SUSPENDED, RESUMING, TURNS }

    /** Whether the cancel came before the call was over. */
    @Volatile var reached = false
        private set

    /** Plays [call] and cancels it at this moment, while [meanwhile] gives it what it waits for. */
    suspend fun play(meanwhile: suspend () -> Unit = {}, call: suspend () -> Unit) {
        coroutineScope {
            val over = AtomicBoolean()
            lateinit var job: Job
            val cancel = {
                reached = !over.get()
                job.cancel()
            }
            val base = currentCoroutineContext()[ContinuationInterceptor] as? CoroutineDispatcher ?: Dispatchers.Default
            val where = if (kind == Kind.TURNS) base else Cutting(base, kind, k, cancel)
            job =
                launch(where, CoroutineStart.LAZY) {
                    call()
                    over.set(true)
                }
            val events = launch { meanwhile() }
            job.start()
            if (kind == Kind.TURNS) {
                var turn = 0
                while (turn++ < k && !job.isCompleted) yield()
                if (!job.isCompleted) cancel()
            }
            job.join()
            events.join()
        }
    }

    override fun toString(): String = "cancelled $kind $k"
}

/** Counts what goes over [base] and cancels at the [k]-th: before it runs, or when it has run and suspends again. */
private class Cutting(
    private val base: CoroutineDispatcher,
    private val kind: Cut.Kind,
    private val k: Int,
    private val cancel: () -> Unit,
) : CoroutineDispatcher() {
    private val count = AtomicInteger()

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        if (kind == Cut.Kind.RESUMING && count.incrementAndGet() == k) cancel()
        base.dispatch(context) {
            block.run()
            if (kind == Cut.Kind.SUSPENDED && count.incrementAndGet() == k) cancel()
        }
    }
}

/** Plays [round] with every cut, until none is reached; a failure says at which it happened. */
internal suspend fun cutEverywhere(round: suspend (Cut) -> Unit) {
    for (kind in Cut.Kind.entries) {
        var k = 1
        do {
            val cut = Cut(kind, k)
            try {
                round(cut)
            } catch (failure: AssertionError) {
                throw AssertionError("$cut: ${failure.message}", failure)
            }
            // A loop may need many turns for what takes few suspensions.
            k += if (kind == Cut.Kind.TURNS) 1 + k / 8 else 1
        } while (cut.reached)
    }
}
