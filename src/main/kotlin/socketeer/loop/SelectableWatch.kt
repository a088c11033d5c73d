package socketeer.loop

import io.ktor.network.selector.SelectInterest
import io.ktor.network.selector.Selectable
import kotlinx.coroutines.CancellableContinuation
import java.nio.channels.ClosedChannelException
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/**
 * Somebody else's [Selectable] on our loop, through the public one-shot `select`: whoever waits is resumed on its own
 * dispatcher and the operation is disarmed, because nothing says that it will be read at once.
 *
 * The waiting continuations stand here and not in the selectable's own map, which cannot remove one only if it is still
 * the same: a wait that is cancelled late would take the next one's place away.
 */
internal class SelectableWatch private constructor(
    private val selectable: Selectable,
    poller: LoopPoller,
) : Watch(poller, selectable.channel) {
    private val waiting = arrayOfNulls<CancellableContinuation<Unit>>(SelectInterest.AllInterests.size)

    fun wait(interest: SelectInterest, continuation: CancellableContinuation<Unit>) {
        val taken = waiting[interest.ordinal]
        when {
            !continuation.isActive -> return
            taken != null && taken.isActive -> continuation.resumeWithException(
                IllegalStateException("$interest is waited for already"),
            )
            selectable.isClosed || !channel.isOpen -> continuation.resumeWithException(ClosedChannelException())
            else -> {
                waiting[interest.ordinal] = continuation
                continuation.invokeOnCancellation { poller.post { forget(interest, continuation) } }
                poller.arm(this, interest.flag)
            }
        }
    }

    private fun forget(interest: SelectInterest, continuation: CancellableContinuation<Unit>) {
        if (waiting[interest.ordinal] !== continuation) return
        waiting[interest.ordinal] = null
        if (channel.isOpen) poller.disarm(this, interest.flag)
    }

    override fun ready(ops: Int) {
        if (!channel.isOpen) return
        poller.disarm(this, ops)
        for (interest in SelectInterest.AllInterests) {
            if (interest.flag and ops == 0) continue
            val continuation = waiting[interest.ordinal] ?: continue
            waiting[interest.ordinal] = null
            continuation.resume(Unit)
        }
    }

    fun closed() {
        for (i in waiting.indices) {
            val continuation = waiting[i] ?: continue
            waiting[i] = null
            continuation.resumeWithException(ClosedChannelException())
        }
    }

    override suspend fun close() {
        closed()
        poller.release(this)
    }

    override fun toString(): String = selectable.toString()

    companion object {
        fun find(selectable: Selectable, poller: LoopPoller): SelectableWatch? =
            selectable.channel.keyFor(poller.selector)?.attachment() as SelectableWatch?

        fun of(selectable: Selectable, poller: LoopPoller): SelectableWatch = find(selectable, poller)
            ?: SelectableWatch(selectable, poller).also { if (it.channel.isOpen) poller.adopt(it) }
    }
}
