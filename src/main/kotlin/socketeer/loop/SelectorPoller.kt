package socketeer.loop

import io.ktor.network.selector.InterestSuspensionsMap
import io.ktor.network.selector.SelectInterest
import io.ktor.network.selector.Selectable
import io.ktor.network.selector.SelectorManager
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import java.nio.ByteBuffer
import java.nio.channels.DatagramChannel
import java.nio.channels.SelectableChannel
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.intrinsics.intercepted
import kotlin.coroutines.resume

/**
 * Watches channels through any ktor [SelectorManager], one that we know nothing of: its public one-shot `select` in a
 * coroutine for each armed operation. The state of the channels is confined to one lane of a dispatcher instead of a
 * thread, so every call is carried over and back; right everywhere, and fast on [SelectLoop], where nothing is.
 */
internal class SelectorPoller(private val selector: SelectorManager) : Poller {
    override val dispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(1)
    private val scope = CoroutineScope(dispatcher + SupervisorJob())
    private val open = LinkedHashSet<Watch>()
    private val flush = Flush()

    override val home: CoroutineContext get() = EmptyCoroutineContext

    override val isHere: Boolean get() = lane.get() === this

    override var turn: Int = 0
        private set

    override val scratch: ByteBuffer = ByteBuffer.allocateDirect(SCRATCH)

    // The lane moves between threads, so "here" is what the thread runs at the moment.
    override fun post(task: Runnable): Unit = dispatcher.dispatch(dispatcher) {
        turn++
        val outer = lane.get()
        lane.set(this)
        try {
            task.run()
        } finally {
            lane.set(outer)
        }
    }

    override fun adopt(watch: Watch) {
        watch.handle = Handle(watch.channel)
        open += watch
    }

    override fun arm(watch: Watch, op: Int) {
        if (watch.interest and op != 0) return
        watch.interest = watch.interest or op
        val handle = watch.handle as Handle
        val interest = SelectInterest.AllInterests.first { it.flag == op }
        scope.launch {
            val failure = handle.select(selector, interest)
            post {
                watch.interest = watch.interest and op.inv()
                if (failure == null) {
                    watch.ready(op)
                } else if (watch.channel.isOpen) {
                    scope.launch { watch.close() }
                }
            }
        }
    }

    /** Does nothing: a one-shot has disarmed itself, and one that still waits is welcome to. */
    override fun disarm(watch: Watch, op: Int) {}

    override suspend fun release(watch: Watch) {
        watch.channel.close()
        if (open.remove(watch)) selector.notifyClosed(watch.handle as Selectable)
        withContext(NonCancellable) { flush.awaitGone(watch.channel) }
    }

    override fun watches(): List<Watch> = open.toList()

    override fun resume(waiting: Continuation<Any?>, direct: Boolean, value: Any?): Unit =
        waiting.intercepted().resume(value)

    suspend fun close() {
        scope.cancel()
        flush.close()
    }

    /** What a manager wants to know of a channel. */
    private class Handle(override val channel: SelectableChannel) : Selectable {
        @Volatile private var ops = 0

        override val isClosed: Boolean get() = !channel.isOpen
        override val interestedOps: Int get() = ops
        override val suspensions: InterestSuspensionsMap = InterestSuspensionsMap()

        override fun interestOp(interest: SelectInterest, state: Boolean) {
            synchronized(this) { ops = if (state) ops or interest.flag else ops and interest.flag.inv() }
        }

        override fun close(): Unit = channel.close()

        override fun dispose(): Unit = close()

        /** Waits for [interest]; null, or why that can't be had. */
        suspend fun select(selector: SelectorManager, interest: SelectInterest): Throwable? {
            interestOp(interest, true)
            return try {
                selector.select(this, interest)
                null
            } catch (cause: Throwable) {
                // A cancelled wait would stay in the map, and the next one find it "already registered".
                suspensions.removeSuspension(interest)
                cause
            } finally {
                interestOp(interest, false)
            }
        }
    }

    /**
     * A closed channel's descriptor is freed in the manager's next select, and nothing makes a manager select but
     * somebody who waits. So somebody waits: for an unconnected datagram socket to be writable, which it always is.
     */
    private inner class Flush {
        private val always = Handle(DatagramChannel.open().apply { configureBlocking(false) })
        private val mutex = Mutex()

        suspend fun awaitGone(channel: SelectableChannel) {
            if (!channel.isRegistered) return
            mutex.withLock {
                while (channel.isRegistered) always.select(selector, SelectInterest.WRITE)?.let { return }
            }
        }

        suspend fun close() {
            always.channel.close()
            selector.notifyClosed(always)
        }
    }

    private companion object {
        val lane = ThreadLocal<SelectorPoller>()
        const val SCRATCH = 64 * 1024
    }
}
