package socketeer.loop

import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicReference
import kotlin.coroutines.Continuation
import kotlin.coroutines.intrinsics.intercepted
import kotlin.coroutines.resumeWithException

/*
 * How other threads receive and send without being carried over to the poller and back, which is two switches of threads
 * and a wake-up a call: several times the call itself.
 *
 * Both directions have a door, and only the poller opens it, when there is nothing in the way: nobody of the poller's
 * receives or sends, nothing was put back, the read interest is armed. Until then, and whenever something comes in
 * between, the door is shut and calls are carried over as ever. So nothing on the poller has a lock, and a connection
 * that is used on its loop alone has no `Outside` at all.
 *
 * A receiver from elsewhere leaves a [Caller] at the door, one atomic write. The poller looks there when bytes come, since
 * it watches the channel anyway; it claims the caller, reads for it and resumes it. Whoever cancels the call takes the
 * caller away by the same atomic write, so that either the bytes are the caller's or they stay in the kernel.
 *
 * A sender from elsewhere goes in, writes on its own thread what the kernel takes, which nearly always is all, and leaves.
 */
internal class Outside {
    private val receiver = AtomicReference<Any>(Door.SHUT)
    private val sender = AtomicReference(Door.SHUT)

    // ---- receiving: OPEN, a Caller who waits, INSIDE while the poller reads for one, SHUT

    /** The poller: callers may wait here from now on. */
    fun openReceiving() = receiver.set(Door.OPEN)

    /** The poller: nobody can come any more; false if a caller waits. */
    fun shutReceiving(): Boolean =
        receiver.get() === Door.SHUT || receiver.compareAndSet(Door.OPEN, Door.SHUT) || receiver.get() === Door.SHUT

    /** Any thread: waits for what [caller] wants; false if the door is shut or somebody else waits. */
    fun wait(caller: Caller): Boolean {
        if (!receiver.compareAndSet(Door.OPEN, caller)) return false
        caller.watch()
        return true
    }

    /** The poller: the caller who waits, claimed until [release] or [again]; null and the door shut if nobody does. */
    fun claim(): Caller? {
        while (true) {
            val caller = receiver.get()
            if (caller is Caller) {
                if (receiver.compareAndSet(caller, Door.INSIDE)) return caller
            } else if (shutReceiving()) {
                return null
            }
        }
    }

    /** The poller: the claimed caller is about to be resumed. */
    fun release(door: Door) = receiver.set(door)

    /** The poller: nothing has come for the claimed [caller], who goes on waiting. */
    fun again(caller: Caller) {
        receiver.set(caller)
        if (caller.isCancelled) caller.cancel()
    }

    // ---- sending: OPEN, INSIDE while another thread sends, SHUT

    /** The poller: other threads may send from now on. */
    fun openSending() = sender.set(Door.OPEN)

    /** The poller: nobody can come in any more; false if somebody is inside. */
    fun shutSending(): Boolean =
        sender.get() == Door.SHUT || sender.compareAndSet(Door.OPEN, Door.SHUT) || sender.get() == Door.SHUT

    /** Any thread: whether it may send now. */
    fun enter(): Boolean = sender.compareAndSet(Door.OPEN, Door.INSIDE)

    /** The thread that is inside, or the poller for it. */
    fun leave(door: Door) {
        sender.compareAndSet(Door.INSIDE, door)
    }

    /** The poller: the connection is closed. */
    fun close(cause: () -> Throwable) {
        sender.set(Door.SHUT)
        (receiver.getAndSet(Door.SHUT) as? Caller)?.fail(cause())
    }

    /** A receive from elsewhere that waits: into its buffer, or for [max] bytes at most as a value. */
    @OptIn(InternalCoroutinesApi::class)
    inner class Caller(
        private val continuation: Continuation<Any?>,
        val into: ByteBuffer?,
        val max: Int,
    ) : (Throwable?) -> Unit {
        private val job: Job? = continuation.context[Job]

        @Volatile private var hook: DisposableHandle? = null

        @Volatile private var done = false

        val isCancelled: Boolean get() = job?.isCancelled == true

        /** It may be over by then: who comes last takes the hook away. */
        fun watch() {
            hook = job?.invokeOnCompletion(onCancelling = true, handler = this)
            if (done) hook?.dispose()
        }

        override fun invoke(cause: Throwable?) {
            if (cause != null) cancel()
        }

        /** Unless it is claimed: then what has come is its, or [again] sees it. */
        fun cancel() {
            if (receiver.compareAndSet(this, Door.OPEN)) fail(job!!.getCancellationException())
        }

        fun resume(value: Any?) {
            over()
            continuation.intercepted().resumeWith(Result.success(value))
        }

        fun fail(cause: Throwable) {
            over()
            continuation.intercepted().resumeWithException(cause)
        }

        private fun over() {
            done = true
            hook?.dispose()
        }
    }
}

internal enum class Door { SHUT, OPEN, INSIDE }
