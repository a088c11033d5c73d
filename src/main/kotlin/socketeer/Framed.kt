package socketeer

import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext
import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicBoolean

/**
 * This connection as a stream of [codec]'s frames, from the next byte on: `framed(lines()).forEach { send(it) }`.
 *
 * Until [Framed.unframed] gives the connection back, only the framed one receives.
 *
 * @param maxEmpty how many frames without content may follow each other; 0 or more.
 */
public fun <T : Any> Connection.framed(codec: Codec<T>, maxEmpty: Int = DEFAULT_MAX_EMPTY): Framed<T> =
    Framed(this, codec, maxEmpty)

/**
 * The frames in these chunks of bytes, however they're cut: `stdin().framed(lines())`.
 *
 * Collecting throws what [Frames.next] throws, and so ends with an error where the chunks end inside a frame.
 */
public fun <T : Any> Flow<ByteString>.framed(codec: Codec<T>): Flow<T> =
    flow {
        val frames = Frames(codec)
        collect { bytes ->
            frames.feed(bytes)
            while (true) emit(frames.next() ?: break)
        }
        frames.end()
        while (true) emit(frames.next() ?: break)
    }

/**
 * Frames on a [connection]; see [Connection.framed].
 *
 * One coroutine may receive while another sends. Between frames it holds no buffer: unfinished frames do, and what was
 * received behind a frame until that is taken.
 */
public class Framed<T : Any> internal constructor(
    /** What the frames come from and go to; it stays the caller's to close. */
    public val connection: Connection,
    private val codec: Codec<T>,
    maxEmpty: Int,
) {
    internal val frames = Frames(codec, maxEmpty)
    private val receiving = AtomicBoolean()
    private val sending = AtomicBoolean()
    private var over = false

    // What the frames that were received together ended with; frames that can't be resumed remember it themselves.
    private var failure: SocketeerException? = null

    /** How many bytes of memory it holds for what came: 0 while it waits between two frames. */
    internal val held: Int get() = frames.held

    // What is left of frames whose sending was cancelled halfway: the peer has their beginning, so it gets the rest.
    private var unsent: ByteBuffer? = null

    /**
     * The next frame, or null at the end of the stream. A cancelled receive loses nothing.
     *
     * @throws MalformedException, TooLargeException with the byte's position in what this has received; unless the
     *   framing resynchronises, each further call throws it again.
     * @throws BrokenException if the stream ends inside a frame, with have and need.
     * @throws ClosedException, BusyException as [Connection.recv]
     */
    public suspend fun recv(): T? {
        take(receiving, "receive")
        try {
            failure?.let {
                failure = null
                throw it
            }
            while (true) {
                val frame = frames.next()
                if (frame != null || over) return frame
                val bytes = connection.recv()
                if (bytes != null) {
                    frames.feed(bytes)
                } else {
                    over = true
                    frames.end()
                }
            }
        } finally {
            receiving.set(false)
        }
    }

    /**
     * All frames that have come, 1 or more, or null at the end of the stream: waits for the first one only. What one
     * receive brought is taken apart here, so that all of it can be answered by one [send]. An error behind them is
     * thrown by the next receive. Otherwise as [recv].
     */
    public suspend fun recvAll(): List<T>? {
        val all = ArrayList<T>()
        all += recv() ?: return null
        take(receiving, "receive")
        try {
            while (true) all += frames.next() ?: break
        } catch (e: SocketeerException) {
            failure = e
        } finally {
            receiving.set(false)
        }
        return all
    }

    /**
     * Sends [value] and returns when the kernel has all of it. When cancelled on the way, the rest of the frame goes in
     * front of the next one sent, so that what the peer gets stays frames.
     *
     * @throws TooLargeException, IllegalArgumentException if it can't be a frame; then nothing is sent.
     * @throws BrokenException, ClosedException, BusyException as [Connection.send]
     */
    public suspend fun send(value: T): Unit = sending { it.append(codec, value) }

    /** Sends [values] in one go: one system call where the kernel takes it. If one can't be a frame, none is sent. */
    public suspend fun send(vararg values: T): Unit = sending { for (value in values) it.append(codec, value) }

    /** Sends [values] in one go: one system call where the kernel takes it. If one can't be a frame, none is sent. */
    public suspend fun send(values: Iterable<T>): Unit = sending { for (value in values) it.append(codec, value) }

    /** Runs [action] on each frame until the stream ends; in it, `send` sends a frame. */
    public suspend inline fun forEach(action: Framed<T>.(T) -> Unit) {
        while (true) action(recv() ?: break)
    }

    /** The frames for a `for` loop: `for (line in framed(lines()))`. */
    public operator fun iterator(): FrameIterator<T> = FrameIterator(this)

    /** The frames until the stream ends; collecting receives, so one collector at a time. */
    public fun asFlow(): Flow<T> = flow { for (frame in this@Framed) emit(frame) }

    /**
     * The connection, for raw bytes: what was received behind the last frame is received from it next, an unfinished
     * frame's bytes included.
     */
    public suspend fun unframed(): Connection {
        take(receiving, "unframed")
        try {
            sending { }
            val rest = frames.drain()
            if (rest.size > 0) withContext(NonCancellable) { connection.unread(rest) }
            return connection
        } finally {
            receiving.set(false)
        }
    }

    /** The same connection with [codec]'s frames from the next byte on. */
    public suspend fun <U : Any> unframed(codec: Codec<U>): Framed<U> = unframed().framed(codec)

    override fun toString(): String = "frames on $connection"

    private suspend inline fun sending(write: (Output) -> Unit) {
        take(sending, "send")
        try {
            val output = Output(Spare.take())
            write(output)
            unsent?.let { connection.send(it) }
            unsent = null
            if (output.size > 0) send(output)
        } finally {
            sending.set(false)
        }
    }

    private suspend fun send(output: Output) {
        val buffer = output.toBuffer()
        try {
            connection.send(buffer)
        } finally {
            if (buffer.hasRemaining() && buffer.position() > 0) unsent = buffer
        }
        Spare.give(output.array)
    }

    private fun take(guard: AtomicBoolean, what: String) {
        if (!guard.compareAndSet(false, true)) throw BusyException("$what on $this: another coroutine is at it")
    }
}

/** Goes through the frames of one [Framed]. */
public class FrameIterator<T : Any> internal constructor(private val framed: Framed<T>) {
    private var frame: T? = null

    /** True if there is another frame; waits for it, false at the end of the stream. Throws as [Framed.recv]. */
    public suspend operator fun hasNext(): Boolean {
        if (frame == null) frame = framed.recv()
        return frame != null
    }

    /** The frame that [hasNext] found. */
    public operator fun next(): T = checkNotNull(frame) { "hasNext() before next()" }.also { frame = null }
}
