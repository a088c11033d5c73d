package socketeer.loop

import java.util.concurrent.Executor
import java.util.concurrent.atomic.AtomicReference
import java.util.concurrent.locks.LockSupport

/*
 * The turns of a loop, taken by a virtual thread while that is of use to the virtual threads that wait for it.
 *
 * To wake a virtual thread from a platform thread is to hand something over: a system call to wake whoever carries it,
 * and two threads that take the processor from each other. Woken from another virtual thread it only takes its place
 * in the carrier's queue. So after a turn that served some, a virtual thread of the loop's own takes the next: what it
 * wakes runs when it yields, and then it looks again. When there is nothing to do, the loop's own thread has it back:
 * waiting for the kernel is always its part. Whether there will be something is judged by the last time.
 *
 * A virtual thread gets no processor as long as others keep all carriers, and a loop must not wait for its users: so
 * its own thread looks after the deputy, and takes the loop back when that hasn't come to its turn for a while.
 */

/** Runs each task on a virtual thread; null before JDK 21. */
internal val virtualThreads: Executor? = if (Virtual.exist()) Executor { Virtual.start(it) } else null

/**
 * Who takes a loop's turns besides its own thread, which makes this.
 *
 * @param take a turn, which doesn't wait; whether the next is of use.
 */
internal class Deputy(private val take: () -> Boolean) : AutoCloseable {
    private enum class Who { LOOP, DEPUTY, NOBODY }

    private val own = Thread.currentThread()
    private val holder = AtomicReference(Who.LOOP)

    @Volatile private var turns = 0L

    @Volatile private var wantedBack = false

    @Volatile private var closed = false

    @Volatile private var failure: Throwable? = null

    /** How often in a row it isn't asked because last time there was nothing for it, and how often that has been so. */
    private var pause = 0
    private var passed = 0

    /** How long it isn't asked because last time it didn't come, and when that will be over. */
    private var rest = PATIENCE
    private var notBefore = System.nanoTime()

    val thread: Thread = Virtual.start(::run).apply { name = "${own.name}-deputy" }

    /** Lets it take turns as long as that is of use; whether the loop's own thread was interrupted meanwhile. */
    fun work(): Boolean {
        if (++passed <= pause || System.nanoTime() - notBefore < 0) return false
        passed = 0
        wantedBack = false
        val before = turns
        holder.set(Who.NOBODY)
        LockSupport.unpark(thread)
        val interrupted = await()
        pause = if (turns - before > 1) 0 else (2 * pause + 1).coerceAtMost(LONGEST_PAUSE)
        failure?.let { throw it }
        return interrupted
    }

    /** Until the loop is back, or taken back. */
    private fun await(): Boolean {
        var interrupted = false
        var seen = turns
        var since = System.nanoTime()
        while (holder.get() != Who.LOOP) {
            LockSupport.parkNanos(this, PATIENCE)
            if (Thread.interrupted()) {
                interrupted = true
                wantedBack = true
            }
            val now = System.nanoTime()
            if (turns != seen) {
                seen = turns
                since = now
            } else if (now - since >= PATIENCE && holder.compareAndSet(Who.NOBODY, Who.LOOP)) {
                notBefore = now + rest
                rest = (2 * rest).coerceAtMost(LONGEST_REST)
                return interrupted
            }
        }
        rest = PATIENCE
        return interrupted
    }

    private fun run() {
        while (!closed) {
            if (!holder.compareAndSet(Who.NOBODY, Who.DEPUTY)) {
                LockSupport.park(this)
                continue
            }
            val more = turn()
            turns++
            if (more && !wantedBack) {
                holder.set(Who.NOBODY)
                Thread.yield()
            } else {
                holder.set(Who.LOOP)
                LockSupport.unpark(own)
            }
        }
    }

    private fun turn(): Boolean = try {
        take()
    } catch (cause: Throwable) {
        // The loop's own thread throws it, where it would have been thrown without a deputy.
        failure = cause
        false
    }

    /** By the loop's own thread, which has the loop. */
    override fun close() {
        closed = true
        LockSupport.unpark(thread)
    }

    private companion object {
        /** Seldom enough that a try in vain costs next to nothing. */
        const val LONGEST_PAUSE = 127

        /** Nanoseconds that a deputy may keep the loop waiting, which a user would hardly see. */
        const val PATIENCE = 20_000_000L

        /** Nanoseconds until the next try at most, when the carriers had no time for it again and again. */
        const val LONGEST_REST = 1_000_000_000L
    }
}
