package socketeer.loop

import kotlinx.coroutines.DisposableHandle

/** A deadline in [System.nanoTime] and what to do then. */
internal class Timer(
    @JvmField val deadline: Long,
    private val owner: Timers,
    private val task: Runnable,
) : DisposableHandle {
    /** Where it stands in the heap; -1: not in it. */
    @JvmField var index: Int = NOWHERE

    fun run(): Unit = task.run()

    override fun dispose(): Unit = owner.remove(this)
}

/**
 * A binary heap whose entries know their place, so that a timer that is no longer needed is gone at once: nearly all
 * are timeouts that never fire, and left lying they would pile up.
 *
 * Touched on the loop's thread only; [here] carries a call from elsewhere over.
 */
internal class Timers(private val here: (Runnable) -> Unit) {
    private var heap = arrayOfNulls<Timer>(INITIAL)
    var size: Int = 0
        private set

    fun add(deadline: Long, task: Runnable): Timer {
        val timer = Timer(deadline, this, task)
        here { insert(timer) }
        return timer
    }

    /** Nanoseconds until the next deadline, 0 if it has passed, -1 if there is none. */
    fun untilNext(now: Long): Long = if (size == 0) -1 else (heap[0]!!.deadline - now).coerceAtLeast(0)

    /** The first timer due at [now], taken out; null if there is none. */
    fun takeDue(now: Long): Timer? {
        val first = if (size == 0) return null else heap[0]!!
        if (first.deadline - now > 0) return null
        take(first)
        return first
    }

    fun remove(timer: Timer): Unit = here { if (timer.index >= 0) take(timer) else timer.index = DISPOSED }

    private fun insert(timer: Timer) {
        if (timer.index == DISPOSED) return
        if (size == heap.size) heap = heap.copyOf(size * 2)
        up(size++, timer)
    }

    private fun take(timer: Timer) {
        val hole = timer.index
        timer.index = NOWHERE
        val last = heap[--size]!!
        heap[size] = null
        if (last === timer) return
        if (hole > 0 && last.deadline - heap[(hole - 1) / 2]!!.deadline < 0) up(hole, last) else down(hole, last)
    }

    private fun up(from: Int, timer: Timer) {
        var at = from
        while (at > 0) {
            val parent = heap[(at - 1) / 2]!!
            if (timer.deadline - parent.deadline >= 0) break
            place(at, parent)
            at = (at - 1) / 2
        }
        place(at, timer)
    }

    private fun down(from: Int, timer: Timer) {
        var at = from
        while (2 * at + 1 < size) {
            var child = 2 * at + 1
            if (child + 1 < size && heap[child + 1]!!.deadline - heap[child]!!.deadline < 0) child++
            if (timer.deadline - heap[child]!!.deadline <= 0) break
            place(at, heap[child]!!)
            at = child
        }
        place(at, timer)
    }

    private fun place(at: Int, timer: Timer) {
        heap[at] = timer
        timer.index = at
    }
}

private const val NOWHERE = -1
private const val DISPOSED = -2
private const val INITIAL = 16
