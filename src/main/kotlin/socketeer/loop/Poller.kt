package socketeer.loop

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import socketeer.Handling
import java.nio.ByteBuffer
import java.nio.channels.SelectableChannel
import kotlin.coroutines.Continuation
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.intrinsics.intercepted
import kotlin.coroutines.intrinsics.startCoroutineUninterceptedOrReturn
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/*
 * How a channel waits.
 *
 * Every channel belongs to one poller, and all of the channel's state is touched only on that poller: nothing here has
 * a lock. A call from elsewhere is carried over with [here], and carried back with a resume that cancellation cannot
 * take apart, so that what a call received or accepted is never dropped on the way.
 *
 * A coroutine waits in a [Slot]: the raw continuation, with one cancellation hook a coroutine instead of a
 * CancellableContinuation a call, which would cost half as many instructions again as a whole message does.
 */

/** Where channels are watched: one thread of control, with what channels on it share. */
internal interface Poller {
    /** Runs coroutines on this poller. */
    val dispatcher: CoroutineDispatcher

    /** Where the handlers of connections on this poller run; empty: wherever they are launched. */
    val home: CoroutineContext

    /** Whether the caller runs on this poller already. */
    val isHere: Boolean

    /** Counts polls; what happens without a poll in between happens in one turn. For fairness: see [Slot.mayGoOn]. */
    val turn: Int

    /** Lent to whatever runs on this poller until its next suspension, so that idle connections own no buffer. */
    val scratch: ByteBuffer

    /** Runs [task] here, soon, after what waits already. From any thread. */
    fun post(task: Runnable)

    /** Takes [watch] in, with nothing armed. */
    fun adopt(watch: Watch)

    /** Lets [Watch.ready] be called when [op] is ready. */
    fun arm(watch: Watch, op: Int)

    /** No longer. */
    fun disarm(watch: Watch, op: Int)

    /** Closes the channel of [watch] and returns when its descriptor is gone. Not cancellable. */
    suspend fun release(watch: Watch)

    /** [thread] was woken here. */
    fun woke(thread: Blocked) {}

    /** Every watch taken in and not yet released. */
    fun watches(): List<Watch>

    /** Resumes a coroutine that waited in a [Slot]; [direct] says that it runs on [dispatcher]. */
    fun resume(waiting: Continuation<Any?>, direct: Boolean, value: Any?)
}

/** A channel on its poller, and what to do when it is ready. */
internal abstract class Watch(@JvmField val poller: Poller, @JvmField val channel: SelectableChannel) {
    /** The operations that are armed; read by others than the poller too. */
    @Volatile @JvmField
    var interest: Int = 0

    /** Who made it and closes it with itself: several networks may share a poller. */
    @JvmField var owner: Any? = null

    /** The poller's own handle of this channel. */
    @JvmField var handle: Any? = null

    /** On whose behalf it runs, for a report from any thread. */
    open val onBehalfOf: String get() = toString()

    /** Called on the poller with the [ops] that are ready. */
    abstract fun ready(ops: Int)

    /** The poller is going away, or can no longer watch this channel: close. */
    abstract suspend fun close()
}

/** The place where at most one coroutine waits, on one poller. */
@OptIn(InternalCoroutinesApi::class)
internal class Slot(private val poller: Poller) : (Throwable?) -> Unit {
    private var waiting: Continuation<Any?>? = null
    private var context: CoroutineContext = EmptyCoroutineContext
    private var direct = false
    private var job: Job? = null
    private var hook: DisposableHandle? = null
    private var turn = 0
    private var spent: Byte = 0

    val isTaken: Boolean get() = waiting != null

    /** The handler that waits here, or did last. */
    val handling: Handling? get() = context[Handling]

    /** Whoever waits has been cancelled, and is told as soon as what was posted for it runs. */
    val isCancelled: Boolean get() = job?.isCancelled == true

    /** Parks [continuation] until [resume] or [fail], or until its job is cancelled; who resumes it knows its type. */
    @Suppress("UNCHECKED_CAST")
    fun park(continuation: Continuation<*>): Any {
        // One coroutine keeps its context, so one comparison stands for all look-ups in it.
        if (continuation.context !== context) belongTo(continuation.context)
        job?.let { if (it.isCancelled) throw it.getCancellationException() }
        waiting = continuation as Continuation<Any?>
        return COROUTINE_SUSPENDED
    }

    private fun belongTo(next: CoroutineContext) {
        context = next
        direct = next[ContinuationInterceptor] === poller.dispatcher
        val nextJob = next[Job]
        if (nextJob === job) return
        hook?.dispose()
        job = nextJob
        hook = nextJob?.invokeOnCompletion(onCancelling = true, handler = this)
    }

    /** The cancellation hook: any thread, and perhaps in the middle of somebody else's call, so it only posts. */
    override fun invoke(cause: Throwable?) {
        if (cause != null) {
            poller.post {
                val cancelled = job
                if (waiting != null && cancelled != null &&
                    cancelled.isCancelled
                ) {
                    fail(cancelled.getCancellationException())
                }
            }
        }
    }

    /**
     * Whether one more call in this turn may go on without waiting: a channel that always has data, or always takes it,
     * would else keep the others and the timers from their turn.
     */
    fun mayGoOn(): Boolean {
        if (poller.turn != turn) {
            turn = poller.turn
            spent = 0
        }
        if (spent == CALLS_A_TURN) return false
        spent++
        return true
    }

    /** Resumes whoever waits; its code runs now if it belongs to this poller. */
    fun resume(value: Any?) {
        val continuation = waiting ?: return
        waiting = null
        poller.resume(continuation, direct, value)
    }

    /** Fails whoever waits. Posted, because the caller is often in the middle of something. */
    fun fail(cause: Throwable) {
        val continuation = waiting ?: return
        waiting = null
        if (direct) {
            poller.post { continuation.resumeWithException(cause) }
        } else {
            continuation.intercepted().resumeWithException(cause)
        }
    }

    /** Forgets the coroutine that waited here last. */
    fun forget() {
        hook?.dispose()
        hook = null
        job = null
        context = EmptyCoroutineContext
    }
}

/**
 * Runs [block] on this poller, as the caller's own code: with its job, but carried back by a resume that is not
 * cancellable, so that a result that exists always arrives.
 */
internal suspend fun <T> Poller.here(block: suspend () -> T): T = suspendCoroutineUninterceptedOrReturn { caller ->
    val back = caller.intercepted()
    val inner =
        object : Continuation<T> {
            override val context = caller.context + dispatcher

            override fun resumeWith(result: Result<T>) = back.resumeWith(result)
        }
    post {
        val outcome = runCatching { block.startCoroutineUninterceptedOrReturn(inner) }
        // It has ended, so this is its result and not the mark.
        @Suppress("UNCHECKED_CAST")
        if (outcome.getOrNull() !== COROUTINE_SUSPENDED) inner.resumeWith(outcome as Result<T>)
    }
    COROUTINE_SUSPENDED
}

/** Enough to spread the cost of a poll, few enough that nobody waits long. */
private const val CALLS_A_TURN: Byte = 8

/**
 * [here] for a call that may be cancelled: it doesn't begin if its caller is cancelled already, so that a coroutine
 * whose calls never have to wait ends all the same.
 */
internal suspend fun <T> Poller.hereIfActive(block: suspend () -> T): T {
    currentCoroutineContext().ensureActive()
    return here(block)
}
