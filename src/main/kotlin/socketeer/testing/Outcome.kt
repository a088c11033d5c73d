package socketeer.testing

import socketeer.Codec
import socketeer.Frames
import socketeer.MalformedException
import socketeer.SocketeerException
import socketeer.TooLargeException

/** What decoding did: its frames and errors in order, and where in the stream it stood then. */
internal class Outcome<T : Any>(val steps: List<Any>, val position: Long) {
    val frames: List<T> get() = steps.filterIsInstance<Frame<T>>().map { it.value }
    val errors: List<Failure> get() = steps.filterIsInstance<Failure>()

    override fun equals(other: Any?): Boolean =
        other is Outcome<*> && steps == other.steps && position == other.position

    override fun hashCode(): Int = 31 * steps.hashCode() + position.hashCode()

    override fun toString(): String = (steps + "at byte $position").joinToString(", then ")
}

internal data class Frame<T>(val value: T) {
    override fun toString(): String = show(value)
}

/** An error as far as two runs must agree on it. */
internal data class Failure(val type: String, val message: String?, val position: Long, val family: Boolean) {
    override fun toString(): String = "$type: $message"
}

private fun failure(cause: Throwable): Failure {
    val position = (cause as? MalformedException)?.position ?: (cause as? TooLargeException)?.position ?: -1
    return Failure(cause.javaClass.simpleName, cause.message, position, cause is SocketeerException)
}

/** Decodes [bytes] cut at [cuts], to the end of the stream unless it stays [open]. */
internal fun <T : Any> outcome(
    codec: Codec<T>,
    bytes: ByteArray,
    cuts: List<Int> = emptyList(),
    open: Boolean = false,
): Outcome<T> {
    val frames = Frames(codec)
    val steps = ArrayList<Any>()
    var from = 0
    for (cut in cuts + bytes.size) {
        if (cut !in from..bytes.size) continue
        frames.feed(bytes, from, cut)
        from = cut
        if (!take(frames, steps)) return Outcome(steps, frames.position)
    }
    if (!open) {
        frames.end()
        take(frames, steps)
    }
    return Outcome(steps, frames.position)
}

/** Takes all there is into [steps]; false if an error has ended the stream. */
internal fun <T : Any> take(frames: Frames<T>, steps: MutableList<Any>): Boolean {
    var last: Throwable? = null
    while (true) {
        try {
            steps += Frame(frames.next() ?: return true)
        } catch (e: Exception) {
            if (e === last) return false
            last = e
            steps += failure(e)
        }
    }
}

/** How many bytes [block] allocates on this thread, or 0 on a JVM that doesn't say. */
internal fun allocated(block: () -> Unit): Long {
    val threads = java.lang.management.ManagementFactory.getThreadMXBean() as? com.sun.management.ThreadMXBean
    if (threads == null || !threads.isThreadAllocatedMemorySupported) return 0
    val id = Thread.currentThread().id
    val before = threads.getThreadAllocatedBytes(id)
    block()
    return threads.getThreadAllocatedBytes(id) - before
}
