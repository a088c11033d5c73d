package socketeer

import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer

/**
 * Bytes in a row: taken from the front, added at the back, and put back in front.
 *
 * In a connection it holds what came from the wire and wasn't received: what peek saw, what recvExactly had when it was
 * cancelled, what unread gave back. Owns no array while it has never held anything. Not thread-safe.
 */
internal class Front {
    private var array = NOTHING
    private var start = 0
    private var end = 0

    val size: Int get() = end - start
    val isEmpty: Boolean get() = start == end

    /** Adds all that remains in [source], at most [max] bytes of it, and says how many that were. */
    fun add(source: ByteBuffer, max: Int = Int.MAX_VALUE): Int {
        val count = minOf(max, source.remaining())
        makeRoom(count)
        source.get(array, end, count)
        end += count
        return count
    }

    fun add(bytes: ByteString) {
        makeRoom(bytes.size)
        bytes.copyInto(array, end)
        end += bytes.size
    }

    fun putBack(bytes: ByteString) {
        if (bytes.size > start) {
            val moved = ByteArray(bytes.size + size)
            array.copyInto(moved, bytes.size, start, end)
            end = moved.size
            start = bytes.size
            array = moved
        }
        start -= bytes.size
        bytes.copyInto(array, start)
    }

    fun look(max: Int): ByteString = ByteString(array, start, start + minOf(max, size))

    fun take(max: Int): ByteString = look(max).also { drop(it.size) }

    fun takeInto(buffer: ByteBuffer): Int {
        val count = minOf(buffer.remaining(), size)
        buffer.put(array, start, count)
        drop(count)
        return count
    }

    private fun drop(count: Int) {
        start += count
        if (start == end) {
            start = 0
            end = 0
            if (array.size > KEPT) array = NOTHING
        }
    }

    /** Moves down only when less than half is in use, so that a byte is moved at most once on its way through. */
    private fun makeRoom(count: Int) {
        if (end + count <= array.size) return
        val target = if (2 * (size + count) <= array.size) array else ByteArray(maxOf(SMALLEST, 2 * (size + count)))
        array.copyInto(target, 0, start, end)
        end -= start
        start = 0
        array = target
    }
}

/**
 * Exactly [n] bytes; null if [more] has none before the first. [more] gives the next bytes of the wire or null at its
 * end; whatever ends this early, what had come stays in front.
 */
internal suspend inline fun Front.exactly(n: Int, where: () -> String, more: () -> ByteString?): ByteString? {
    while (size < n) {
        val next = more()
        if (next != null) {
            add(next)
        } else if (isEmpty) {
            return null
        } else {
            throw BrokenException("recvExactly: the stream ended after $size of $n bytes (${where()})")
        }
    }
    return take(n)
}

/** The next [n] bytes, left in front; fewer only where the stream ends first, null at its end. */
internal suspend inline fun Front.ahead(n: Int, more: () -> ByteString?): ByteString? {
    while (size < n) add(more() ?: break)
    return if (isEmpty && n > 0) null else look(n)
}

private val NOTHING = ByteArray(0)
private const val SMALLEST = 256

/** A larger array is given up when it runs empty, so that an idle connection keeps little. */
private const val KEPT = 4_096
