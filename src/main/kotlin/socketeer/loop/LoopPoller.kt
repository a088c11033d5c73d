package socketeer.loop

import socketeer.ClosedException
import java.nio.ByteBuffer
import java.nio.channels.CancelledKeyException
import java.nio.channels.SelectionKey
import java.nio.channels.Selector
import java.util.concurrent.atomic.AtomicLong
import java.util.concurrent.atomic.AtomicReference
import java.util.function.Consumer
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.intrinsics.intercepted
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn
import kotlin.coroutines.resume

/** The selector of a [SelectLoop] and the channels on it. */
internal class LoopPoller(override val dispatcher: SelectLoop, val selector: Selector) : Poller {
    private var ready = arrayOfNulls<Watch>(INITIAL_READY)
    private var readyOps = IntArray(INITIAL_READY)
    private var readyCount = 0
    private var closers = ArrayList<Continuation<Unit>>()

    // The selected keys come through this consumer: no set is filled, iterated and emptied.
    private val collect =
        Consumer<SelectionKey> { key ->
            // Somebody else's channel may be closed by somebody else at any moment: its key is no longer of interest.
            val ops = if (key.isValid) opsOrNone { key.readyOps() } else 0
            if (ops != 0) add(key.attachment() as Watch, ops)
        }

    private fun add(watch: Watch, ops: Int) {
        if (readyCount == ready.size) {
            ready = ready.copyOf(readyCount * 2)
            readyOps = readyOps.copyOf(readyCount * 2)
        }
        ready[readyCount] = watch
        readyOps[readyCount++] = ops
    }

    private inline fun opsOrNone(ops: () -> Int): Int =
        try {
            ops()
        } catch (_: CancelledKeyException) {
            0
        }

    override val home: CoroutineContext get() = dispatcher

    override var turn: Int = 1
        private set

    override val scratch: ByteBuffer by lazy(LazyThreadSafetyMode.NONE) { ByteBuffer.allocateDirect(SCRATCH) }

    override val isHere: Boolean get() = dispatcher.isHere

    private var servedVirtual = false

    /** Whether virtual threads were woken, or had something done here, since this was asked last. */
    fun hasServedVirtual(): Boolean = servedVirtual.also { servedVirtual = false }

    /** They were. */
    fun serveVirtual() {
        servedVirtual = true
    }

    override fun woke(thread: Blocked) {
        if (thread.isVirtual) serveVirtual()
    }

    /** Who has the loop at the moment, null while it waits; read by the [Watchdog]. Ordered stores cost no fence. */
    val holder = AtomicReference<Any?>()

    /** Changes whenever the loop is handed to the next one. */
    val beat = AtomicLong()
    private var beats = 0L

    fun hold(by: Any?) {
        holder.lazySet(by)
        beat.lazySet(++beats)
    }

    /**
     * Waits up to [millis] (0: not at all, negative: without end) and runs what became ready: first collected, then run
     * when select has returned, because what runs may close, register and arm.
     *
     * @return how many were ready
     */
    fun poll(millis: Long): Int {
        hold(null)
        when {
            millis == 0L || closers.isNotEmpty() -> selector.selectNow(collect)
            millis < 0 -> selector.select(collect)
            else -> selector.select(collect, millis)
        }
        turn++
        val count = readyCount
        readyCount = 0
        resumeClosers()
        for (i in 0 until count) {
            val watch = ready[i]!!
            ready[i] = null
            hold(watch)
            watch.ready(readyOps[i])
        }
        return count
    }

    // The JDK frees a registered channel's descriptor in the select after its close, and that has just been.
    private fun resumeClosers() {
        if (closers.isEmpty()) return
        val gone = closers
        closers = ArrayList()
        for (closer in gone) closer.resume(Unit)
    }

    override fun post(task: Runnable): Unit = dispatcher.post(task)

    override fun adopt(watch: Watch) {
        if (!selector.isOpen) throw ClosedException("$dispatcher is closed")
        watch.handle = watch.channel.register(selector, 0, watch)
    }

    override fun arm(watch: Watch, op: Int) {
        if (watch.interest and op == 0) setInterest(watch, watch.interest or op)
    }

    override fun disarm(watch: Watch, op: Int) {
        if (watch.interest and op != 0) setInterest(watch, watch.interest and op.inv())
    }

    private fun setInterest(watch: Watch, ops: Int) {
        watch.interest = ops
        opsOrNone { (watch.handle as SelectionKey).interestOps(ops).interestOps() }
    }

    override suspend fun release(watch: Watch) {
        watch.channel.close()
        if (!watch.channel.isRegistered) return
        return suspendCoroutineUninterceptedOrReturn { closer ->
            closers.add(if (dispatcher.owns(closer.context)) closer else closer.intercepted())
            dispatcher.wake()
            COROUTINE_SUSPENDED
        }
    }

    override fun watches(): List<Watch> = selector.keys().mapNotNull { key ->
        (key.attachment() as Watch?)?.takeIf { key.isValid }
    }

    override fun resume(waiting: Continuation<Any?>, direct: Boolean, value: Any?) {
        if (direct) waiting.resume(value) else waiting.intercepted().resume(value)
    }
}

private const val INITIAL_READY = 64
private const val SCRATCH = 64 * 1024
