package socketeer

import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.unsafe.UnsafeByteStringApi
import kotlinx.io.bytestring.unsafe.UnsafeByteStringOperations
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.resume

/*
 * A connection without a kernel.
 *
 * One lock guards both ends of a pair. Bytes move only while their receiver or sender runs: whoever waits is told to
 * look again and never handed anything, so a call that is cancelled on its way back has nothing to lose. What TCP does
 * is kept where a program can see it: bounded buffers, half-close, and a reset for a close that leaves bytes unread.
 */

/** Two ends of one connection inside this process; each direction holds 64 KiB, then its sender waits. */
public fun memoryPair(): Pair<Connection, Connection> {
    val (near, far) = tcp("memory", 1) to tcp("memory", 2)
    return wire(near, far, Dispatchers.Default, Dispatchers.Default)
}

/** A connected pair; what is launched on an end runs in that end's context. */
internal fun wire(
    near: StreamAddress,
    far: StreamAddress,
    nearContext: CoroutineContext,
    farContext: CoroutineContext,
): Pair<MemoryConnection, MemoryConnection> {
    val lock = Any()
    val a = MemoryConnection(near, far, lock, nearContext)
    val b = MemoryConnection(far, near, lock, farContext)
    a.peer = b
    b.peer = a
    return a to b
}

/** Where coroutines wait for a change of what [lock] guards. */
internal class Gate(private val lock: Any) {
    private var waiting = emptyList<CancellableContinuation<Unit>>()

    /** Returns when [shut], asked under the lock, may no longer be true. */
    suspend fun awaitWhile(shut: () -> Boolean): Unit =
        suspendCancellableCoroutine { caller ->
            val waits = synchronized(lock) { shut().also { if (it) waiting = waiting + caller } }
            if (!waits) caller.resume(Unit)
            caller.invokeOnCancellation { synchronized(lock) { waiting = waiting - caller } }
        }

    /** Lets everybody look again. Never called under the lock: what it resumes may run at once. */
    fun open() {
        val woken = synchronized(lock) { waiting.also { waiting = emptyList() } }
        woken.forEach { it.resume(Unit) }
    }
}

internal class MemoryConnection(
    override val local: StreamAddress,
    override val remote: StreamAddress,
    private val lock: Any,
    context: CoroutineContext,
) : Connection,
    Stalls {
    lateinit var peer: MemoryConnection

    /** Called once, after the close. */
    @Volatile var onClose: (MemoryConnection) -> Unit = {}

    override val coroutineContext: CoroutineContext = context.minusKey(Job) + SupervisorJob()
    val settings = Settings("a connection in memory") { stateFor("an option", busy = false) }

    /** Belongs to whoever holds [receiving]. */
    private val front = Front()

    // All below is guarded by the lock.
    private val inbox = Front()
    private val readable = Gate(lock)
    private val writable = Gate(lock)
    private var open = true
    private var broken: String? = null
    private var inputEnded = false
    private var readShut = false
    private var writeShut = false
    private var receiving = false
    private var sending = false
    private var taken = 0L
    private var given = 0L

    override val isOpen: Boolean get() = synchronized(lock) { open }
    override val isSendWaiting: Boolean get() = synchronized(lock) { sending }

    override fun sendAgain(): Unit = writable.open()

    override val received: Long get() = synchronized(lock) { taken }
    override val sent: Long get() = synchronized(lock) { given }

    /** A peer that gave up before it was accepted. */
    val isBroken: Boolean get() = synchronized(lock) { broken != null }

    override suspend fun recv(max: Int): ByteString? {
        require(max >= 1) { "max >= 1, was $max" }
        return receive("recv") { if (front.isEmpty) more(max) else front.take(max) }
    }

    override suspend fun recvInto(buffer: ByteBuffer): Int =
        receive("recvInto") {
            when {
                !buffer.hasRemaining() -> 0
                front.isEmpty -> fromInbox { inbox.takeInto(buffer) } ?: -1
                else -> front.takeInto(buffer)
            }
        }

    override suspend fun recvExactly(n: Int): ByteString? {
        require(n >= 0) { "n >= 0, was $n" }
        return receive("recvExactly") { front.exactly(n, ::ends) { more(n - front.size) } }
    }

    override suspend fun peek(n: Int): ByteString? {
        require(n >= 0) { "n >= 0, was $n" }
        return receive("peek") { front.ahead(n) { more(n - front.size) } }
    }

    override suspend fun unread(bytes: ByteString): Unit = receive("unread") { front.putBack(bytes) }

    override suspend fun send(buffer: ByteBuffer) {
        synchronized(lock) {
            stateFor("send", sending)
            sending = true
        }
        try {
            while (offer(buffer)) {
                writable.awaitWhile {
                    peer.inbox.size >= CAPACITY && !peer.readShut &&
                        sendFault() == null
                }
            }
        } finally {
            synchronized(lock) { sending = false }
        }
    }

    @OptIn(UnsafeByteStringApi::class)
    override suspend fun send(bytes: ByteString) {
        lateinit var array: ByteArray
        UnsafeByteStringOperations.withByteArrayUnsafe(bytes) { array = it }
        send(ByteBuffer.wrap(array))
    }

    override suspend fun send(bytes: ByteArray): Unit = send(ByteBuffer.wrap(bytes))

    override suspend fun send(text: String): Unit = send(ByteBuffer.wrap(text.encodeToByteArray()))

    override suspend fun shutdown(how: Direction) {
        synchronized(lock) {
            // A stream that ends in the middle of a send would look complete to the peer.
            stateFor("shutdown", busy = sending && how != Direction.READ)
            if (how != Direction.WRITE) readShut = true
            if (how != Direction.READ) {
                writeShut = true
                peer.inputEnded = true
            }
        }
        openAll()
    }

    override suspend fun close(): Unit = end(abruptly = false)

    override suspend fun abort(): Unit = end(abruptly = true)

    override fun <T : Any> get(option: Option<T>): T = settings[option]

    override fun <T : Any> set(option: Option<T>, value: T): Unit = settings.set(option, value)

    override fun toString(): String = "Connection($local <-> $remote)"

    /** Not suspending, so that whoever holds many can end them all whatever becomes of him. */
    fun end(abruptly: Boolean) {
        synchronized(lock) {
            if (!open) return
            open = false
            // As TCP does: what nobody will read any more must not look delivered.
            if (abruptly || !inbox.isEmpty) peer.broken = peer.broken ?: "reset by the peer" else peer.inputEnded = true
        }
        openAll()
        (this as CoroutineScope).cancel("closed: ${ends()}")
        onClose(this)
    }

    private fun openAll() {
        readable.open()
        writable.open()
        peer.readable.open()
        peer.writable.open()
    }

    private suspend inline fun <T> receive(call: String, block: () -> T): T {
        synchronized(lock) {
            stateFor(call, receiving)
            receiving = true
        }
        try {
            return block()
        } finally {
            synchronized(lock) { receiving = false }
        }
    }

    private suspend fun more(max: Int): ByteString? = fromInbox { inbox.take(max) }

    /** Takes from the inbox, waiting for it; null at the end. What has come is received even after a reset. */
    private suspend inline fun <T : Any> fromInbox(crossinline take: () -> T): T? {
        while (true) {
            val result =
                synchronized(lock) {
                    stateFor("recv", busy = false)
                    if (inbox.isEmpty) {
                        if (readShut || inputEnded) return null
                        broken?.let { throw BrokenException("recv: $it (${ends()})") }
                        null
                    } else {
                        val before = inbox.size
                        take().also { taken += before - inbox.size }
                    }
                }
            if (result != null) {
                // Half empty, not one byte: a sender woken for each byte would wake far too often.
                if (synchronized(lock) { inbox.size <= CAPACITY / 2 }) peer.writable.open()
                return result
            }
            readable.awaitWhile { open && inbox.isEmpty && !readShut && !inputEnded && broken == null }
        }
    }

    /** Sends what there is room for; whether some remains. */
    private fun offer(buffer: ByteBuffer): Boolean {
        synchronized(lock) {
            sendFault()?.let { throw it }
            if (peer.readShut) {
                // The peer has said that it won't read them.
                given += buffer.remaining()
                buffer.position(buffer.limit())
            } else {
                given += peer.inbox.add(buffer, CAPACITY - peer.inbox.size)
            }
        }
        peer.readable.open()
        return buffer.hasRemaining()
    }

    private fun sendFault(): SocketeerException? {
        if (open && !peer.open && broken == null) broken = "the peer has closed"
        return when {
            !open -> ClosedException("send: closed here (${ends()})")
            writeShut -> ClosedException("send: shut down for sending here (${ends()})")
            else -> broken?.let { BrokenException("send: $it (${ends()})") }
        }
    }

    private fun stateFor(call: String, busy: Boolean) {
        if (!open) throw ClosedException("$call: closed here (${ends()})")
        if (busy) throw BusyException("$call: another coroutine is in such a call already (${ends()})")
    }

    private fun ends() = "$local <-> $remote"
}

/** Options kept as they were set, without any effect: there is no kernel here. */
internal class Settings(private val owner: String, private val check: () -> Unit) {
    private val values = ConcurrentHashMap<Option<*>, Any>()

    // Only set puts a value under an option, and it is of the option's type.
    @Suppress("UNCHECKED_CAST")
    operator fun <T : Any> get(option: Option<T>): T {
        check()
        val value = values[option] ?: throw UnsupportedException("$option: $owner has only what was set on it")
        return value as T
    }

    operator fun <T : Any> set(option: Option<T>, value: T) {
        check()
        values[option] = option.check(value)
    }

    fun takeFrom(other: Settings): Unit = values.putAll(other.values)

    fun setAll(settings: Array<out Setting<*>>): Unit = settings.forEach { values[it.option] = it.value }
}

/** How much one direction holds before its sender waits. */
private const val CAPACITY = 65_536
