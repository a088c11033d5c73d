package socketeer.loop

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job
import kotlinx.coroutines.selects.SelectClause1
import kotlinx.io.Buffer
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.unsafe.UnsafeByteStringApi
import kotlinx.io.bytestring.unsafe.UnsafeByteStringOperations
import kotlinx.io.readByteString
import kotlinx.io.write
import socketeer.BrokenException
import socketeer.BusyException
import socketeer.ClosedException
import socketeer.Connection
import socketeer.DEFAULT_RECV
import socketeer.Direction
import socketeer.Hosted
import socketeer.Option
import socketeer.Stalls
import socketeer.StreamAddress
import socketeer.endOf
import socketeer.openFile
import java.io.IOException
import java.io.InterruptedIOException
import java.net.StandardSocketOptions
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.channels.SelectionKey.OP_CONNECT
import java.nio.channels.SelectionKey.OP_READ
import java.nio.channels.SelectionKey.OP_WRITE
import java.nio.channels.SocketChannel
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater
import java.util.concurrent.locks.LockSupport
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn

/*
 * A stream socket on its poller. All state is the poller's own: a call from elsewhere goes through `here`.
 *
 * Receiving. The poller reads into the waiting receiver's buffer and resumes it with the result, so `recvInto` is one
 * tail call with no state machine of its own. A read that came up short has emptied the kernel, so the next receive
 * waits for the poller's word and doesn't ask again: one system call a message saved, of about two. The read interest
 * stays armed between receives; it is disarmed only by an event that nobody is there to take (which is the
 * back-pressure), and armed again by the next receive.
 *
 * Sending. Try at once; only what the kernel doesn't take waits for it to be writable.
 *
 * Buffers. What is not a direct buffer goes through the poller's scratch buffer a piece at a time: the JDK would copy
 * the whole rest of a large array into a direct buffer of that size for every partial write.
 */
internal class NioConnection(
    private val socket: SocketChannel,
    poller: Poller,
    private val parent: CoroutineContext,
) : Watch(poller, socket),
    Connection,
    Hosted,
    Stalls {
    private var ends: Ends = Ends.UNCONNECTED
    private val reader = Slot(poller)

    @Volatile private var offers: Offers<ByteString?>? = null

    // The thread that waits for bytes where a coroutine would suspend: see Blocked.
    @Volatile private var blocked: Blocked? = null
    private val writer = Slot(poller)

    // What the waiting receiver wants: bytes into its buffer, or at most so many as a value.
    private var into: ByteBuffer? = null
    private var atMost = 0
    private var outgoing: ByteBuffer? = null

    // What was put back or peeked at: it comes before what the kernel has.
    private var front: Buffer? = null
    private var drained = false
    private var ended = false

    @Volatile private var noMoreInput = false

    // After shutdown(READ), when what had come by then has been received: when nothing is left, or, where the peer goes
    // on sending, when as much has been received as the kernel may have held.
    private var inputOver = false
    private var inputLeft = 0L
    private var noMoreOutput = false
    private var finishing = false
    private var sendingFile = false

    @Volatile private var broken: BrokenException? = null
    private var scope: CoroutineContext? = null

    @Volatile override var isOpen: Boolean = true
        private set

    override var received: Long = 0
        private set

    override var sent: Long = 0
        private set

    override val local: StreamAddress get() = ends.local
    override val remote: StreamAddress get() = ends.remote

    override val home: CoroutineContext get() = poller.home

    override val coroutineContext: CoroutineContext
        get() =
            synchronized(reader) {
                scope ?: (parent + home + SupervisorJob(parent[Job])).also {
                    scope = it
                    if (!isOpen) it.cancel(CancellationException("$this is closed"))
                }
            }

    override val onBehalfOf: String get() = "${reader.handling ?: writer.handling ?: this}"

    /** Takes the channel in, accepted or connected elsewhere already, or about to [establish]. */
    fun adopt(ends: Ends): NioConnection {
        this.ends = ends
        poller.adopt(this)
        return this
    }

    /** Connects the channel; it is adopted. */
    suspend fun establish() {
        try {
            if (!isOpen) throw ClosedException("connect to $remote: closed before it began")
            if (!socket.connect(ends.remoteSocketAddress)) {
                awaitConnect()
                socket.finishConnect()
            }
            poller.disarm(this, OP_CONNECT)
            ends = Ends(socket.localAddress, ends.remoteSocketAddress)
        } catch (cause: Throwable) {
            close()
            throw if (cause is Exception &&
                cause !is CancellationException
            ) {
                fault("connect to $remote", cause)
            } else {
                cause
            }
        }
    }

    private suspend fun awaitConnect(): Unit = suspendCoroutineUninterceptedOrReturn { continuation ->
        poller.arm(this, OP_CONNECT)
        writer.park(continuation)
    }

    override fun ready(ops: Int) {
        if (!isOpen) return
        if (ops and OP_CONNECT != 0) {
            poller.disarm(this, OP_CONNECT)
            return writer.resume(Unit)
        }
        if (ops and OP_WRITE != 0) writable()
        if (ops and OP_READ != 0 && isOpen) readable()
    }

    // ---- receiving

    override suspend fun recvInto(buffer: ByteBuffer): Int {
        require(!buffer.isReadOnly) { "recvInto needs a buffer that can be written to" }
        if (!poller.isHere) return recvIntoElsewhere(buffer)
        checkReceive()
        if (!buffer.hasRemaining()) return 0
        if (front != null) return takeFront(buffer)
        if (noMoreInput || (!drained && reader.mayGoOn())) {
            val count = read(buffer)
            if (count != 0) return count
        }
        return suspendCoroutineUninterceptedOrReturn { continuation ->
            into = buffer
            poller.arm(this, OP_READ)
            reader.park(continuation)
        }
    }

    override suspend fun recv(max: Int): ByteString? {
        require(max >= 1) { "recv at least 1 byte, was $max" }
        // Tail calls: a state machine here would be an object for each receive that waits.
        return if (poller.isHere) receive(max) else recvElsewhere(max)
    }

    private suspend fun recvElsewhere(max: Int): ByteString? = broughtBack(poller.hereIfActive { receive(max) })

    /** [recv] on the poller. */
    private suspend fun receive(max: Int): ByteString? {
        checkReceive()
        front?.let { return takeFront(max) }
        if (noMoreInput || (!drained && reader.mayGoOn())) {
            val count = readScratch(max)
            if (count != 0) return bytes(count)
        }
        return suspendCoroutineUninterceptedOrReturn { continuation ->
            into = null
            atMost = max
            poller.arm(this, OP_READ)
            reader.park(continuation)
        }
    }

    private suspend fun recvIntoElsewhere(buffer: ByteBuffer): Int {
        val start = buffer.position()
        val count = poller.hereIfActive { recvInto(buffer) }
        if (count > 0 && currentCoroutineContext().job.isCancelled) {
            broughtBack(ByteString(ByteArray(count).also { buffer.get(start, it).position(start) }))
        }
        return count
    }

    /** [bytes] on arrival at a caller elsewhere; one that was cancelled meanwhile would drop them, so they go back. */
    @OptIn(InternalCoroutinesApi::class)
    private suspend fun broughtBack(bytes: ByteString?): ByteString? {
        val job = currentCoroutineContext()[Job]
        if (bytes != null && job != null && job.isCancelled) {
            poller.here { putBack(bytes) }
            throw job.getCancellationException()
        }
        return bytes
    }

    private fun checkReceive() {
        if (!isOpen) throw ClosedException("receive on $this: it is closed")
        if (reader.isTaken) throw BusyException("receive on $this: another receive is waiting")
        offers?.retract()
    }

    override val onRecv: SelectClause1<ByteString?>
        get() = synchronized(reader) {
            offers
                ?: Offers<ByteString?>(poller) { if (it != null) putBack(it) }.also { offers = it }
        }.clause(::look)

    /** For a select: what is there now, or what comes first. */
    private fun look() {
        val offers = offers!!
        if (!isOpen) return offers.fail(ClosedException("receive on $this: it is closed"))
        if (reader.isTaken) return
        try {
            if (front != null) return offers.offer(takeFront(DEFAULT_RECV))
            val count = readScratch(DEFAULT_RECV)
            if (count == 0) poller.arm(this, OP_READ) else offers.offer(bytes(count))
        } catch (cause: IOException) {
            offers.fail(cause)
        }
    }

    private fun readable() {
        if (!reader.isTaken) {
            if (offers?.wanted == true) return look()
            BLOCKED.getAndSet(this, null)?.let { return serve(it) }
            // Nobody is there to take it: let it wait in the kernel, which tells the peer to wait.
            drained = false
            poller.disarm(this, OP_READ)
            // A thread that came in this very moment has found it armed.
            if (blocked != null) poller.arm(this, OP_READ)
            return
        }
        // It has been cancelled and is about to be told; what came is for the next one.
        if (reader.isCancelled) return
        val buffer = into
        val result: Any? =
            try {
                val count = if (buffer != null) read(buffer) else readScratch(atMost)
                // Where an operation is armed for one event only, it is armed again.
                if (count == 0) return poller.arm(this, OP_READ)
                if (buffer != null) count else bytes(count)
            } catch (cause: Throwable) {
                // Whatever it is (a buffer that can't be written to, no memory), it is the receiver's and not the
                // loop's.
                into = null
                return reader.fail(cause)
            }
        into = null
        reader.resume(result)
    }

    /** Reads what the kernel has: a count, 0 if there is nothing now, -1 at the end. Knows when the kernel is empty. */
    private fun read(buffer: ByteBuffer): Int {
        if (buffer.isDirect) return readDirect(buffer)
        val count = readScratch(buffer.remaining())
        if (count > 0) buffer.put(poller.scratch)
        return count
    }

    private fun readScratch(max: Int): Int {
        val scratch = poller.scratch.clear()
        if (max < scratch.capacity()) scratch.limit(max)
        val count = readDirect(scratch)
        scratch.flip()
        return count
    }

    private fun readDirect(buffer: ByteBuffer): Int {
        if (ended || inputOver) return -1
        val room = buffer.remaining()
        val count =
            try {
                socket.read(buffer)
            } catch (cause: IOException) {
                throw broke("receive on $this", cause)
            }
        drained = count in 0 until room
        if (count > 0) {
            received += count
            if (noMoreInput) {
                inputLeft -= count
                inputOver = inputLeft <= 0
            }
        } else if (count < 0 || noMoreInput) {
            // After a failed write the kernel may report a plain end; the peer's reset stays one.
            broken?.let { throw it }
            if (count < 0) ended = true else inputOver = true
            return -1
        }
        return count
    }

    @OptIn(UnsafeByteStringApi::class)
    private fun bytes(count: Int): ByteString? =
        if (count < 0) null else UnsafeByteStringOperations.wrapUnsafe(array(poller.scratch, count))

    private fun array(source: ByteBuffer, count: Int) = ByteArray(count).also { source.get(it) }

    private fun takeFront(buffer: ByteBuffer): Int {
        val source = front!!
        val count = minOf(source.size, buffer.remaining().toLong()).toInt()
        buffer.put(source.readByteString(count).toByteArray())
        if (source.exhausted()) front = null
        return count
    }

    private fun takeFront(max: Int): ByteString {
        val source = front!!
        val taken = source.readByteString(minOf(source.size, max.toLong()).toInt())
        if (source.exhausted()) front = null
        return taken
    }

    override suspend fun peek(n: Int): ByteString? {
        require(n >= 1) { "peek at least 1 byte, was $n" }
        return if (poller.isHere) ahead(n) else poller.hereIfActive { ahead(n) }
    }

    /** [peek] on the poller. */
    private suspend fun ahead(n: Int): ByteString? {
        checkReceive()
        while ((front?.size ?: 0) < n) {
            val held = front
            front = null
            val more =
                try {
                    receive(n - (held?.size ?: 0).toInt())
                } finally {
                    front = held
                }
            if (more == null) break
            front = (held ?: Buffer()).apply { write(more) }
        }
        val source = front ?: return null
        return source.copy().readByteString(minOf(source.size, n.toLong()).toInt())
    }

    override suspend fun recvExactly(n: Int): ByteString? {
        require(n >= 0) { "recvExactly of 0 bytes or more, was $n" }
        if (n == 0) return ByteString()
        return if (poller.isHere) exactly(n) else broughtBack(poller.hereIfActive { exactly(n) })
    }

    /** [recvExactly] on the poller. */
    private suspend fun exactly(n: Int): ByteString? {
        val have = ahead(n)?.size ?: return null
        if (have < n) throw BrokenException("receive on $this: the stream ended after $have of $n bytes")
        return takeFront(n)
    }

    override suspend fun unread(bytes: ByteString) {
        if (!poller.isHere) return poller.here { unread(bytes) }
        checkReceive()
        putBack(bytes)
    }

    private fun putBack(bytes: ByteString) {
        if (bytes.size == 0) return
        val rest = front
        front =
            Buffer().apply {
                write(bytes)
                if (rest != null) transferFrom(rest)
            }
    }

    // ---- threads that block

    /** [recv] for a thread that may wait. @throws InterruptedIOException and then nothing was received */
    fun recvBlocking(max: Int): ByteArray? {
        if (!isOpen) throw ClosedException("receive on $this: it is closed")
        if (front != null) return takeFront(max).toByteArray()
        if (!drained && !noMoreInput) readAside(max)?.let { return it }
        val outcome = await(Blocked(null, max))
        return if (outcome === Blocked.AT_END) null else outcome as ByteArray
    }

    /** [recvInto] for a thread that may wait. @throws InterruptedIOException and then the buffer is not touched */
    fun recvIntoBlocking(buffer: ByteBuffer): Int {
        require(!buffer.isReadOnly) { "recvInto needs a buffer that can be written to" }
        if (!isOpen) throw ClosedException("receive on $this: it is closed")
        if (!buffer.hasRemaining()) return 0
        if (front != null) return takeFront(buffer)
        if (!drained && !noMoreInput) {
            val count = readAside(buffer)
            if (count > 0) return count
        }
        return await(Blocked(buffer, 0)) as Int
    }

    private fun readAside(max: Int): ByteArray? {
        val loan = Loans.take()
        try {
            val count = readAside(if (max < loan.capacity()) loan.limit(max) else loan)
            return if (count > 0) array(loan.flip(), count) else null
        } finally {
            Loans.giveBack(loan)
        }
    }

    /** Reads what the kernel has; 0 if that is nothing, or the end, of which the loop is the one to tell. */
    private fun readAside(buffer: ByteBuffer): Int {
        val room = buffer.remaining()
        val count =
            try {
                socket.read(buffer)
            } catch (cause: IOException) {
                throw if (isOpen) broke("receive on $this", cause) else ClosedException("$this was closed")
            }
        drained = count in 0 until room
        if (count > 0) received += count
        return maxOf(count, 0)
    }

    private fun await(me: Blocked): Any {
        refuseOnLoop()
        blocked = me
        if (interest and OP_READ == 0 || noMoreInput || !isOpen) poller.post(::attend)
        var interrupted = false
        while (true) {
            val outcome = me.outcome
            if (outcome == null && interrupted && BLOCKED.compareAndSet(this, me, null)) {
                throw InterruptedIOException("receive on $this: interrupted")
            }
            if (outcome == null) LockSupport.park(me)
            if (Thread.interrupted()) interrupted = true
            if (outcome == null) continue
            // What has come meanwhile has come; the interrupt is for the next call.
            if (interrupted) Thread.currentThread().interrupt()
            // With this thread's stack: where the call was made, and not the loop that heard of it.
            if (outcome is Throwable) throw outcome.apply { stackTrace = Throwable().stackTrace }
            return outcome
        }
    }

    /** On the poller: for a thread that waits and wasn't sure to be seen. */
    private fun attend() {
        if (!isOpen) return endBlocked()
        if (noMoreInput) readable() else poller.arm(this, OP_READ)
    }

    private fun endBlocked() {
        BLOCKED.getAndSet(this, null)?.done(ClosedException("$this was closed"))
    }

    private fun serve(thread: Blocked) {
        poller.woke(thread)
        val buffer = thread.into
        try {
            val count = if (buffer != null) read(buffer) else readScratch(thread.atMost)
            when {
                count == 0 -> {
                    blocked = thread
                    // It may have been interrupted meanwhile, and found itself taken.
                    thread.wake()
                    poller.arm(this, OP_READ)
                }
                buffer != null -> thread.done(count)
                count < 0 -> thread.done(Blocked.AT_END)
                else -> thread.done(array(poller.scratch, count))
            }
        } catch (cause: Throwable) {
            // Whatever it is, it is the receiver's and not the loop's.
            thread.done(cause)
        }
    }

    /** Sends what the kernel takes at once, by the calling thread; whether that was all. */
    fun sendAside(buffer: ByteBuffer): Boolean {
        checkSend()
        val end = buffer.limit()
        try {
            while (buffer.position() < end) {
                // The JDK copies what isn't direct, all that remains of it, however little the kernel takes.
                if (!buffer.isDirect) buffer.limit(minOf(end, buffer.position() + DEFAULT_RECV))
                val piece = buffer.remaining()
                if (writeDirect(buffer) < piece) return false
            }
            return true
        } finally {
            buffer.limit(end)
        }
    }

    // ---- sending

    override suspend fun send(buffer: ByteBuffer) {
        if (!poller.isHere) return poller.hereIfActive { send(buffer) }
        checkSend()
        if (write(buffer) && writer.mayGoOn()) return
        return awaitSent(buffer)
    }

    override suspend fun send(bytes: ByteArray) {
        if (!poller.isHere) return poller.hereIfActive { send(bytes) }
        checkSend()
        // Most messages fit the scratch buffer and go at once: no buffer is made around them.
        val piece = minOf(bytes.size, poller.scratch.capacity())
        val count = writeDirect(poller.scratch.clear().put(bytes, 0, piece).flip())
        if (count == bytes.size && writer.mayGoOn()) return
        return awaitSent(ByteBuffer.wrap(bytes, count, bytes.size - count))
    }

    @OptIn(UnsafeByteStringApi::class)
    override suspend fun send(bytes: ByteString) {
        var array: ByteArray? = null
        UnsafeByteStringOperations.withByteArrayUnsafe(bytes) { array = it }
        return send(array!!)
    }

    override suspend fun send(text: String): Unit = send(text.encodeToByteArray())

    private fun checkSend() {
        if (!isOpen) throw ClosedException("send on $this: it is closed")
        if (writer.isTaken || sendingFile) throw BusyException("send on $this: another send is waiting")
        if (noMoreOutput) throw ClosedException("send on $this: sending was shut down")
        broken?.let { throw BrokenException(it.message!!, it) }
    }

    /** Waits until the rest of [buffer] has gone; with none left, only until others had their turn. */
    private suspend fun awaitSent(buffer: ByteBuffer): Unit =
        suspendCoroutineUninterceptedOrReturn { continuation ->
            outgoing = buffer
            writer.park(continuation).also {
                if (buffer.hasRemaining()) poller.arm(this, OP_WRITE) else poller.post { writable() }
            }
        }

    override suspend fun sendFile(path: Path, offset: Long, count: Long): Long {
        if (!poller.isHere) return poller.here { sendFile(path, offset, count) }
        checkSend()
        // Before the file is opened, which is done elsewhere: a send in the meantime is Busy, as it is later.
        sendingFile = true
        try {
            return openFile(path).use { file -> sendFrom(file, offset, endOf(file, offset, count)) - offset }
        } finally {
            sendingFile = false
        }
    }

    /** The position in [file] behind the last byte sent. */
    private suspend fun sendFrom(file: FileChannel, offset: Long, end: Long): Long {
        var position = offset
        while (position < end) {
            val copied = transfer(file, position, minOf(end - position, FILE_PIECE))
            if (copied == 0L && position >= file.size()) break
            position += copied
            // The next piece when the kernel has room again, and when the others have had their turn.
            awaitWritable()
        }
        return position
    }

    private fun transfer(file: FileChannel, position: Long, count: Long): Long {
        if (!isOpen) throw ClosedException("send on $this: it is closed")
        try {
            return file.transferTo(position, count, socket).also { sent += it }
        } catch (cause: IOException) {
            throw broke("send on $this", cause)
        }
    }

    private suspend fun awaitWritable(): Unit = suspendCoroutineUninterceptedOrReturn { continuation ->
        outgoing = NOTHING
        writer.park(continuation).also { poller.arm(this, OP_WRITE) }
    }

    private fun writable() {
        if (!isOpen) return
        val buffer = outgoing ?: return poller.disarm(this, OP_WRITE)
        if (!writer.isTaken) {
            outgoing = null
            return poller.disarm(this, OP_WRITE)
        }
        try {
            if (!write(buffer)) return poller.arm(this, OP_WRITE)
        } catch (cause: Throwable) {
            outgoing = null
            poller.disarm(this, OP_WRITE)
            return writer.fail(cause)
        }
        outgoing = null
        poller.disarm(this, OP_WRITE)
        writer.resume(Unit)
    }

    /** Writes what the kernel takes; whether that was all. */
    private fun write(buffer: ByteBuffer): Boolean {
        if (buffer.isDirect) {
            writeDirect(buffer)
            return !buffer.hasRemaining()
        }
        while (buffer.hasRemaining()) {
            val scratch = poller.scratch.clear()
            val piece = minOf(buffer.remaining(), scratch.capacity())
            val start = buffer.position()
            scratch.put(0, buffer, start, piece).limit(piece)
            val count = writeDirect(scratch)
            buffer.position(start + count)
            if (count < piece) return false
        }
        return true
    }

    private fun writeDirect(buffer: ByteBuffer): Int {
        if (!buffer.hasRemaining()) return 0
        val count =
            try {
                socket.write(buffer)
            } catch (cause: IOException) {
                throw if (isOpen) broke("send on $this", cause) else ClosedException("$this was closed")
            }
        sent += count
        return count
    }

    private fun broke(what: String, cause: IOException): BrokenException =
        broken ?: broken(what, cause).also { broken = it }

    // ---- ending

    override suspend fun shutdown(how: Direction) {
        if (!poller.isHere) return poller.here { shutdown(how) }
        if (!isOpen) throw ClosedException("shutdown of $this: it is closed")
        if (how != Direction.WRITE) endInput()
        if (how != Direction.READ) endOutput()
    }

    private fun endInput() {
        // A handler that has ended reads no more; what is still taken in is only dropped, to the very end.
        if (finishing || noMoreInput) return
        noMoreInput = true
        inputLeft = mostHeld()
        // Whoever waits gets what has come meanwhile, or the end.
        if (reader.isTaken || blocked != null) poller.post { if (isOpen) readable() }
    }

    /** A Unix socket's buffer is its peer's to set, and no system has it larger by itself. */
    private fun mostHeld(): Long = try {
        maxOf(socket.getOption(StandardSocketOptions.SO_RCVBUF).toLong(), UNIX_BUFFER)
    } catch (_: IOException) {
        // It is broken, which the next receive will tell.
        0
    }

    private fun endOutput() {
        if (noMoreOutput) return
        if (writer.isTaken) throw BusyException("shutdown of $this: a send is waiting")
        noMoreOutput = true
        if (broken == null) {
            try {
                socket.shutdownOutput()
            } catch (cause: IOException) {
                throw broke("shutdown of $this", cause)
            }
        }
    }

    override val isSendWaiting: Boolean get() = writer.isTaken && outgoing != null

    override fun sendAgain(): Unit = poller.post { if (writer.isTaken) writable() }

    override val isFinished: Boolean get() = ended || !isOpen || broken != null

    override suspend fun finish() {
        if (!poller.isHere) return poller.here { finish() }
        if (isFinished) return
        endOutput()
        finishing = true
        noMoreInput = false
        inputOver = false
        front = null
        while (isOpen && !ended && broken == null) receive(DEFAULT_RECV)
    }

    override suspend fun abort() {
        if (!poller.isHere) return poller.here { abort() }
        if (isOpen) reset()
        close()
    }

    private fun reset() {
        try {
            socket.setOption(StandardSocketOptions.SO_LINGER, 0)
        } catch (_: IOException) {
            // It is broken already: there is nobody left to tell.
        } catch (_: UnsupportedOperationException) {
            // A Unix socket has no reset; its peer sees one if bytes were left unread, else the end.
        }
    }

    override suspend fun close() {
        if (!poller.isHere) return poller.here { close() }
        if (isOpen) {
            isOpen = false
            synchronized(reader) { scope }?.cancel(CancellationException("$this was closed"))
            into = null
            outgoing = null
            if (reader.isTaken) reader.fail(ClosedException("$this was closed"))
            if (writer.isTaken) writer.fail(ClosedException("$this was closed"))
            offers?.fail(ClosedException("$this was closed"))
            endBlocked()
            reader.forget()
            writer.forget()
        }
        return poller.release(this)
    }

    override fun <T : Any> get(option: Option<T>): T = socket.option(option, this)

    override fun <T : Any> set(option: Option<T>, value: T) {
        socket.option(option, value, this)
    }

    override fun toString(): String = "$local <-> $remote"

    private companion object {
        val NOTHING: ByteBuffer = ByteBuffer.allocate(0)
        val BLOCKED: AtomicReferenceFieldUpdater<NioConnection, Blocked?> =
            AtomicReferenceFieldUpdater.newUpdater(NioConnection::class.java, Blocked::class.java, "blocked")

        const val UNIX_BUFFER = 1L shl 20

        /** As much as one connection may have the loop copy while the others wait. */
        const val FILE_PIECE = 1L shl 18
    }
}
