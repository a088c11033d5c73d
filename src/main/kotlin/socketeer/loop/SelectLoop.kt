package socketeer.loop

import io.ktor.network.selector.SelectInterest
import io.ktor.network.selector.Selectable
import io.ktor.network.selector.SelectorManager
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Delay
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.job
import kotlinx.coroutines.suspendCancellableCoroutine
import socketeer.CoroutineFailed
import socketeer.Event
import socketeer.Limits
import socketeer.Told
import socketeer.printEvent
import java.nio.channels.spi.SelectorProvider
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.coroutines.startCoroutine
import kotlin.time.Duration

/*
 * One thread that selects and runs what became ready.
 *
 * A turn of the loop: run the tasks that wait (a bounded number), run the timers that are due, poll the selector —
 * without waiting if tasks are left, else until the next timer — and run every channel that is ready. So tasks, timers
 * and channels each get their turn, whatever the others do.
 *
 * What makes it fast is what it doesn't do. A coroutine that waits for a channel is resumed right here, in the poll
 * that saw the channel ready: no hand-over to another thread, no wake-up, no task object. Handing over is the largest
 * single cost of the usual arrangement (a selector thread beside a dispatcher): two to three times the whole of this
 * loop.
 */

/**
 * A select loop that is ktor's `SelectorManager`, a coroutine dispatcher and its timers in one thread.
 *
 * [run] drives it on the calling thread, [start] on one of its own. `aSocket(loop)` of ktor runs on it as well as
 * Socketeer's own sockets do.
 *
 * @param events told of [socketeer.LoopBlocked] and of coroutines that fail with nobody to catch it.
 * @param hold how long one coroutine may keep the loop to itself before that is reported; infinite: never.
 */
@OptIn(InternalCoroutinesApi::class, ExperimentalCoroutinesApi::class)
public class SelectLoop(
    events: (Event) -> Unit = printEvent,
    private val hold: Duration = Limits().hold,
) : CoroutineDispatcher(),
    SelectorManager,
    Delay {
    private val events = Told(events)

    override val provider: SelectorProvider = SelectorProvider.provider()

    /** Runs on this loop; what fails there with nobody to catch it becomes an event. */
    override val coroutineContext: CoroutineContext =
        this + SupervisorJob() + CoroutineExceptionHandler { _, cause -> this.events(CoroutineFailed(cause)) }

    internal val poller = LoopPoller(this, provider.openSelector())

    // Each task goes with the context it came with, so that the watchdog can name it.
    private val tasks = ArrayDeque<Any>()
    private val fromElsewhere = ConcurrentLinkedQueue<Runnable>()
    private val timers = Timers { task -> if (isHere) task.run() else post(task) }

    /** Who takes its turns at the moment. */
    @Volatile internal var thread: Thread? = null
        private set

    @Volatile private var sleeping = false

    /** Whether a virtual thread ever had something done here: then most that comes from elsewhere is theirs. */
    @Volatile private var forVirtual = false

    @Volatile private var closed = false

    /** Closed and wound up: nothing here waits for anything any more, so that every thread may look. */
    @Volatile private var over = false

    /** What the system calls the mechanism that watches: `epoll`, `kqueue`, `poll`, … */
    public val mechanism: String =
        provider.javaClass.simpleName
            .removeSuffix("SelectorProvider")
            .lowercase()
            .ifEmpty { "unknown" }

    internal val isHere: Boolean get() = Thread.currentThread() === thread || over

    internal fun owns(context: CoroutineContext): Boolean = context[ContinuationInterceptor] === this

    /**
     * Drives the loop on the calling thread until [block] and all that it launched have ended.
     *
     * Interrupting the thread cancels the block, and then this throws [InterruptedException].
     *
     * @throws IllegalStateException if the loop is closed or driven already, or the caller runs on a loop.
     */
    public fun <T> run(block: suspend CoroutineScope.() -> T): T {
        enter()
        try {
            val result = CoroutineScope(this + coroutineContext[CoroutineExceptionHandler]!!).async(block = block)
            // What it launched may end last, and elsewhere; then this thread is still to be told.
            result.invokeOnCompletion { wake() }
            var interrupted = false
            drive(until = { result.isCompleted }, onInterrupt = {
                interrupted = true
                result.cancel("interrupted")
            })
            if (interrupted) throw InterruptedException("interrupted while the loop ran")
            return result.getCompleted()
        } finally {
            leave()
            DRIVING -= Thread.currentThread()
        }
    }

    /**
     * Drives the loop on a daemon thread called [name] until [close].
     *
     * @throws IllegalStateException if the loop is closed or driven already.
     */
    public fun start(name: String = "socketeer-loop"): Thread {
        check(!closed && thread == null) { "the loop is closed or driven already" }
        return thread(name = name, isDaemon = true, start = false) {
            // Closed before this thread came to it.
            if (!claim()) return@thread
            DRIVING += Thread.currentThread()
            try {
                drive(until = { closed }, onInterrupt = {})
            } finally {
                leave()
                DRIVING -= Thread.currentThread()
            }
        }.also { it.start() }
    }

    private fun enter() {
        check(!onLoop()) {
            "net { } and run { } drive a loop on the calling thread, and this thread drives one already"
        }
        check(claim()) { "the loop is closed or driven already" }
        DRIVING += Thread.currentThread()
    }

    /** Makes the calling thread the loop's, unless it has one or is over. */
    private fun claim(): Boolean = synchronized(poller) {
        if (over || thread != null) return false
        thread = Thread.currentThread()
        true
    }

    private fun leave() {
        poller.hold(null)
        synchronized(poller) {
            if (closed) windUp()
            thread = null
        }
    }

    /** Closes every channel, and runs what that wakes as long as it goes on by itself. */
    private fun windUp() {
        for (watch in poller.watches()) suspend { watch.close() }.startCoroutine(Continuation(this) {})
        var turns = LAST_TURNS
        do {
            runTasks()
            poller.poll(0)
        } while (--turns > 0 && (tasks.isNotEmpty() || !fromElsewhere.isEmpty()))
        poller.selector.close()
        while (tasks.isNotEmpty()) (tasks.removeFirst() as? Runnable)?.let(fromElsewhere::add)
        over = true
        rescue()
    }

    private fun drive(until: () -> Boolean, onInterrupt: () -> Unit) {
        Deputies(until).use { deputies ->
            Watchdog(this, poller, hold, events).use {
                while (!until()) {
                    runTasks()
                    runTimers()
                    if (until()) break
                    if (poll() == 0 && Thread.interrupted()) onInterrupt()
                    if (poller.hasServedVirtual() && deputies.work()) onInterrupt()
                }
            }
        }
    }

    /** The one deputy of this loop, from when there's a need for it. */
    private inner class Deputies(private val until: () -> Boolean) : AutoCloseable {
        private val own = Thread.currentThread()
        private val needed = !Virtual.isOne(own)
        private var deputy: Deputy? = null

        /** [Deputy.work] */
        fun work(): Boolean {
            if (!needed) return false
            val other = deputy ?: Deputy { takeTurn(until) }.also {
                deputy = it
                DRIVING += it.thread
            }
            poller.hold(null)
            try {
                return other.work()
            } finally {
                thread = own
            }
        }

        override fun close() {
            val other = deputy ?: return
            other.close()
            DRIVING -= other.thread
        }
    }

    /** A turn by the [Deputy], which doesn't wait; whether the next is of use. */
    private fun takeTurn(until: () -> Boolean): Boolean {
        thread = Thread.currentThread()
        runTasks()
        runTimers()
        if (until()) return false
        val count = poller.poll(0)
        poller.hold(null)
        return count > 0 || tasks.isNotEmpty() || !fromElsewhere.isEmpty()
    }

    private fun poll(): Int {
        if (tasks.isNotEmpty()) return poller.poll(0)
        sleeping = true
        try {
            // A task posted before sleeping was true didn't wake anybody, so it must be seen here.
            if (!fromElsewhere.isEmpty()) return poller.poll(0)
            if (timers.size == 0) return poller.poll(-1)
            val nanos = timers.untilNext(System.nanoTime())
            return poller.poll(if (nanos == 0L) 0 else (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI)
        } finally {
            sleeping = false
        }
    }

    private fun runTasks() {
        while (true) {
            tasks.addLast(fromElsewhere.poll() ?: break)
            if (forVirtual) poller.serveVirtual()
        }
        var left = TASKS_A_TURN
        while (left-- > 0) {
            val first = tasks.removeFirstOrNull() ?: return
            poller.hold(first)
            (if (first is CoroutineContext) tasks.removeFirst() as Runnable else first as Runnable).run()
        }
    }

    private fun runTimers() {
        if (timers.size == 0) return
        val now = System.nanoTime()
        while (true) {
            val timer = timers.takeDue(now) ?: return
            poller.hold(timer)
            timer.run()
        }
    }

    override fun dispatch(context: CoroutineContext, block: Runnable) {
        if (isHere && !over) {
            tasks.addLast(context)
            tasks.addLast(block)
        } else {
            post(block)
        }
    }

    internal fun post(task: Runnable) {
        if (isHere && !over) {
            tasks.addLast(task)
            return
        }
        if (!forVirtual && Virtual.isOne(Thread.currentThread())) forVirtual = true
        fromElsewhere.add(task)
        if (sleeping) wake()
        // Nobody drives it any more: what still wants to end, so as to release what it holds, does so elsewhere.
        if (over) rescue()
    }

    private fun rescue() {
        while (true) Dispatchers.IO.dispatch(Dispatchers.IO, fromElsewhere.poll() ?: return)
    }

    internal fun wake() {
        if (!isHere) poller.selector.wakeup()
    }

    override fun scheduleResumeAfterDelay(timeMillis: Long, continuation: CancellableContinuation<Unit>) {
        if (over) return late(timeMillis) { continuation.resume(Unit) }
        val timer =
            timers.add(deadline(timeMillis)) {
                with(continuation) { with(this@SelectLoop) { resumeUndispatched(Unit) } }
            }
        continuation.invokeOnCancellation { timer.dispose() }
    }

    override fun invokeOnTimeout(timeMillis: Long, block: Runnable, context: CoroutineContext): DisposableHandle {
        if (!over) return timers.add(deadline(timeMillis), block)
        late(timeMillis, block)
        // A timeout that comes too late finds its coroutine complete.
        return DisposableHandle { }
    }

    /** For what still cleans up when nobody drives this loop any more. */
    private fun late(millis: Long, task: Runnable) =
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task)

    private fun deadline(millis: Long): Long =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis).coerceAtMost(FAR)

    /** How many timers wait: delays and timeouts. */
    internal val timerCount: Int get() = timers.size

    /**
     * Suspends until [selectable] is ready for [interest], once: for any ktor [Selectable], from any thread. A wait
     * that is cancelled takes away itself and nothing else.
     */
    override suspend fun select(selectable: Selectable, interest: SelectInterest): Unit =
        suspendCancellableCoroutine { waiting ->
            val start =
                Runnable {
                    try {
                        SelectableWatch.of(selectable, poller).wait(interest, waiting)
                    } catch (cause: Throwable) {
                        // Closed in this very moment, or not a thing for this interest: the caller's to know, not the
                        // loop's.
                        if (waiting.isActive) waiting.resumeWithException(cause)
                    }
                }
            if (isHere) start.run() else post(start)
        }

    /** [selectable] was closed: what waits for it fails, its descriptor is freed in the next turn. */
    override fun notifyClosed(selectable: Selectable): Unit =
        post { SelectableWatch.find(selectable, poller)?.closed() }

    /**
     * Closes the loop, every channel on it, and what runs in its scope; returns at once. A loop that is being driven
     * ends its turn first; [run] still waits for its block.
     */
    override fun close() {
        synchronized(poller) {
            if (closed) return
            closed = true
        }
        coroutineContext.job.cancel("the loop was closed")
        // If nobody drives it, its end is driven from here; asked and done in one, since whoever drives it may just
        // leave.
        if (claim()) leave() else wake()
    }

    override fun toString(): String =
        "SelectLoop($mechanism, ${thread?.name ?: if (closed) "closed" else "not driven"})"
}

/** The threads that drive a loop: driving two would stop the outer one dead, and so would blocking one. */
private val DRIVING = ConcurrentHashMap.newKeySet<Thread>()

/** Whether the calling thread drives a loop, any. */
internal fun onLoop(): Boolean = Thread.currentThread() in DRIVING

/** Enough to spread the cost of a poll over many tasks, few enough that channels and timers aren't kept waiting. */
private const val TASKS_A_TURN = 256

/** Enough for whatever ends at all. */
private const val LAST_TURNS = 1_000
private const val NANOS_PER_MILLI = 1_000_000L

/** Half of what nanoTime can tell apart: far enough. */
private const val FAR = Long.MAX_VALUE / 2
