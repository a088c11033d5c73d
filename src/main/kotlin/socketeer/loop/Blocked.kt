package socketeer.loop

import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentLinkedDeque
import java.util.concurrent.locks.LockSupport

/*
 * Threads that block, where coroutines suspend: what Java's handlers are.
 *
 * To carry each of their calls over to the loop and back would cost two hand-overs a call. So such a thread reads and
 * writes the channel itself as long as there is something to read and room to write. One that must wait for bytes
 * leaves itself at the connection and parks; when they come the loop reads for it, as it does for a coroutine, and
 * unparks it. As OP_READ stays armed, nobody need be told. What must wait for room to write goes over the loop like any
 * other call.
 *
 * Whoever calls sees to it that at most one thread receives and one sends, and that meanwhile no coroutine does: then
 * what a direction has of state is handed on by those calls, and needs no lock here either.
 */

/** A thread that waits for bytes: into a buffer, or at most so many as a value. */
internal class Blocked(@JvmField val into: ByteBuffer?, @JvmField val atMost: Int) {
    private val thread = Thread.currentThread()

    val isVirtual: Boolean get() = Virtual.isOne(thread)

    /** A count, an array, [AT_END] or a [Throwable]; null as long as there is none. */
    @Volatile var outcome: Any? = null
        private set

    fun done(outcome: Any) {
        this.outcome = outcome
        wake()
    }

    fun wake(): Unit = LockSupport.unpark(thread)

    companion object {
        val AT_END = Any()
    }
}

/** A call that blocks a loop's thread would wait for what only that thread can bring. */
internal fun refuseOnLoop(): Unit = check(!onLoop()) {
    "a call that blocks, on a loop's thread, which would wait for itself: what follows a future there uses …Async"
}

/** Direct buffers for threads that read by themselves: as many as ever did at one moment. */
internal object Loans {
    private val buffers = ConcurrentLinkedDeque<ByteBuffer>()

    fun take(): ByteBuffer = buffers.poll()?.clear() ?: ByteBuffer.allocateDirect(LOAN)

    fun giveBack(buffer: ByteBuffer): Unit = buffers.push(buffer)

    private const val LOAN = 64 * 1024
}
