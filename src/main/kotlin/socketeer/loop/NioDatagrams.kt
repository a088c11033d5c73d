package socketeer.loop

import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.selects.SelectClause1
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.yield
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.unsafe.UnsafeByteStringApi
import kotlinx.io.bytestring.unsafe.UnsafeByteStringOperations
import socketeer.BusyException
import socketeer.ClosedException
import socketeer.Datagram
import socketeer.DatagramAddress
import socketeer.DatagramConnection
import socketeer.DatagramSocket
import socketeer.Drains
import socketeer.MAX_DATAGRAM
import socketeer.Option
import socketeer.TooLargeException
import socketeer.UdpAddress
import socketeer.UnsupportedException
import java.io.IOException
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.nio.ByteBuffer
import java.nio.channels.DatagramChannel
import java.nio.channels.SelectionKey.OP_READ
import java.nio.channels.SelectionKey.OP_WRITE
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn

/*
 * A datagram socket on its poller, connected or not. All state is the poller's own: see Poller.kt.
 *
 * Receiving. The poller receives for the coroutine that waits, and resumes it with the result. Nothing tells beforehand
 * whether the kernel holds another datagram, so asking is a guess: right in a flood, a wasted system call in a
 * dialogue. A wrong guess makes the next ones rarer (every 2nd, 4th … 64th time), a right one makes them usual again.
 *
 * A datagram is received whole into the poller's scratch buffer, which is larger than any, and copied from there: what
 * doesn't fit its receiver's buffer is kept and not cut. Only a direct buffer with room for every datagram is received
 * into at once.
 *
 * Sending. The kernel nearly always takes a datagram at once; those that it doesn't take wait in line.
 */
internal class NioDatagrams(
    private val socket: DatagramChannel,
    poller: Poller,
    private var end: DatagramAddress,
    private val kind: DatagramKind,
) : Watch(poller, socket),
    DatagramSocket,
    DatagramConnection,
    Drains {
    private val reader = Slot(poller)
    private val writer = Slot(poller)

    @Volatile private var offers: Offers<Datagram>? = null
    private val waitingToSend = Mutex()
    private val groups = Groups(socket, this)

    private var peer: DatagramAddress? = null
    private var peerSystem: SocketAddress? = null

    // What the waiting receiver wants, and the buffer it brought.
    private var want = Want.DATAGRAM
    private var into: ByteBuffer? = null

    // What came and could not be handed over: it comes before what the kernel has.
    private var kept: Datagram? = null
    private val senders = arrayOfNulls<Pair<SocketAddress, DatagramAddress>>(SENDERS)
    private var noMoreInput = false
    private var lost = false
    private var guessesToSkip = 0
    private var penalty = 1

    @Volatile override var isOpen: Boolean = true
        private set

    override val local: DatagramAddress get() = end
    override val remote: DatagramAddress get() = peer ?: throw UnsupportedException("$this has no peer")

    override fun ready(ops: Int) {
        if (!isOpen) return
        if (ops and OP_WRITE != 0) {
            poller.disarm(this, OP_WRITE)
            writer.resume(Unit)
        }
        if (ops and OP_READ != 0 && isOpen) readable(isReady = true)
    }

    // ---- receiving

    override suspend fun recvfrom(): Datagram {
        if (!poller.isHere) return elsewhere(Want.DATAGRAM)
        return receive(Want.DATAGRAM, null)
    }

    override suspend fun recvfromInto(buffer: ByteBuffer): DatagramAddress {
        if (!poller.isHere) return elsewhereInto(buffer).from
        return receive(Want.ADDRESS, buffer)
    }

    override suspend fun recv(): ByteString {
        if (!poller.isHere) return elsewhere(Want.DATA)
        return receive(Want.DATA, null)
    }

    override suspend fun recvInto(buffer: ByteBuffer): Int {
        if (!poller.isHere) return elsewhereInto(buffer).data.size
        return receive(Want.COUNT, buffer)
    }

    /** Carried over and back; one that was cancelled meanwhile would drop the datagram, so it goes back. [T]: [receive]. */
    @Suppress("UNCHECKED_CAST")
    @OptIn(InternalCoroutinesApi::class)
    private suspend fun <T> elsewhere(what: Want): T {
        val datagram = poller.hereIfActive { receive<Datagram>(Want.DATAGRAM, null) }
        val job = currentCoroutineContext()[Job]
        if (job != null && job.isCancelled) {
            poller.here { kept = datagram }
            throw job.getCancellationException()
        }
        return (if (what == Want.DATA) datagram.data else datagram) as T
    }

    private suspend fun elsewhereInto(buffer: ByteBuffer): Datagram {
        val datagram: Datagram = elsewhere(Want.DATAGRAM)
        if (datagram.data.size > buffer.remaining()) {
            poller.here { kept = datagram }
            throw noRoom(datagram.data.size, buffer)
        }
        buffer.put(datagram.data.toByteArray())
        return datagram
    }

    private fun noRoom(size: Int, buffer: ByteBuffer) =
        TooLargeException("receive on $this: a datagram of $size bytes, and room for ${buffer.remaining()}")

    /** [T] is what [what] says; so every receive is a tail call with no state machine of its own. */
    @Suppress("UNCHECKED_CAST")
    private suspend fun <T> receive(what: Want, buffer: ByteBuffer?): T {
        if (!isOpen) throw ClosedException("receive on $this: it is closed")
        if (reader.isTaken) throw BusyException("receive on $this: another receive is waiting")
        offers?.retract()
        want = what
        into = buffer
        if (kept != null || noMoreInput || guess()) take()?.let { return it as T }
        return suspendCoroutineUninterceptedOrReturn { continuation ->
            poller.arm(this, OP_READ)
            reader.park(continuation)
        }
    }

    override val onRecvfrom: SelectClause1<Datagram>
        get() = synchronized(reader) {
            offers ?: Offers<Datagram>(poller) { kept = it }.also { offers = it }
        }.clause(::look)

    /** For a select: what is there now, or what comes first. */
    private fun look() {
        val offers = offers!!
        if (!isOpen) return offers.fail(ClosedException("receive on $this: it is closed"))
        if (reader.isTaken) return
        want = Want.DATAGRAM
        into = null
        try {
            val datagram = take() ?: return poller.arm(this, OP_READ)
            offers.offer(datagram as Datagram)
        } catch (cause: IOException) {
            offers.fail(cause)
        }
    }

    private fun guess(): Boolean {
        if (kind.unnamed != null) return false
        if (guessesToSkip > 0) {
            guessesToSkip--
            return false
        }
        return reader.mayGoOn()
    }

    private fun guessed(right: Boolean) {
        guessesToSkip = if (right) 0 else penalty
        penalty = if (right) 1 else minOf(penalty * 2, LONGEST_PENALTY)
    }

    private fun readable(isReady: Boolean) {
        // Nobody is there to take it: it waits in the kernel, and what finds no room there is dropped.
        if (!reader.isTaken) return if (offers?.wanted == true) look() else poller.disarm(this, OP_READ)
        // It has been cancelled and is about to be told; what came is for the next one.
        if (reader.isCancelled) return
        val result =
            try {
                // Where an operation is armed for one event only, it is armed again.
                takeFromKernel() ?: (if (isReady) emptyOne() else null) ?: return poller.arm(this, OP_READ)
            } catch (cause: Throwable) {
                return reader.fail(cause)
            }
        reader.resume(result)
    }

    /** What the receiver wants, or null if there's nothing now. */
    private fun take(): Any? {
        val held = kept
        if (held != null) {
            kept = null
            return handOver(ByteBuffer.wrap(held.data.toByteArray()), held.from)
        }
        val result = takeFromKernel()
        guessed(result != null)
        if (result == null && noMoreInput) throw ClosedException("receive on $this: receiving was shut down")
        return result
    }

    private fun takeFromKernel(): Any? {
        val target = into
        if (target != null && target.isDirect && target.remaining() >= LARGEST) {
            val start = target.position()
            val sender = receive(target) ?: return null
            return if (want == Want.COUNT) target.position() - start else named(sender)
        }
        val scratch = poller.scratch.clear()
        val sender = receive(scratch) ?: return null
        return handOver(scratch.flip(), named(sender))
    }

    // Where an empty datagram looks like none, being ready says that it was one; who sent it is lost.
    private fun emptyOne(): Any? = kind.unnamed?.let { handOver(poller.scratch.clear().limit(0), kind.address(it)) }

    private fun receive(buffer: ByteBuffer): SocketAddress? {
        val start = buffer.position()
        try {
            while (true) {
                val sender = socket.receive(buffer) ?: return if (buffer.position() > start) kind.unnamed else null
                // A stranger's may have come before it was connected, or after the kernel's part ended: see sendApart.
                if (peerSystem == null || socket.isConnected || sender == peerSystem) return sender
                buffer.position(start)
            }
        } catch (cause: IOException) {
            throw fault("receive on $this", cause)
        }
    }

    private fun handOver(data: ByteBuffer, sender: DatagramAddress): Any {
        val target = into
        if (target == null) return bytes(data).let { if (want == Want.DATA) it else Datagram(it, sender) }
        val count = data.remaining()
        if (count > target.remaining()) {
            kept = Datagram(bytes(data), sender)
            throw noRoom(count, target)
        }
        target.put(data)
        return if (want == Want.COUNT) count else sender
    }

    @OptIn(UnsafeByteStringApi::class)
    private fun bytes(data: ByteBuffer): ByteString {
        val array = ByteArray(data.remaining())
        data.get(array)
        return UnsafeByteStringOperations.wrapUnsafe(array)
    }

    /** To name a sender costs more than to receive from it, so those who take turns keep their names, by their hash. */
    private fun named(sender: SocketAddress): DatagramAddress {
        // Those are equal on different links, and their names aren't. (A Unix address is an InetSocketAddress without
        // one.)
        if ((sender as? InetSocketAddress)?.address?.isLinkLocalAddress == true) return kind.address(sender)
        val place = sender.hashCode() and senders.lastIndex
        senders[place]?.let { (system, name) -> if (system == sender) return name }
        return kind.address(sender).also { senders[place] = sender to it }
    }

    // ---- sending

    override suspend fun sendto(buffer: ByteBuffer, to: DatagramAddress) {
        if (!poller.isHere) return poller.here { sendto(buffer, to) }
        if (peer != null) throw ClosedException("send to $to on $this: it is connected now")
        return transmit(buffer, (to as? UdpAddress)?.system ?: kind.system(to))
    }

    override suspend fun send(buffer: ByteBuffer) {
        if (!poller.isHere) return poller.here { send(buffer) }
        return transmit(buffer, peerSystem!!)
    }

    private suspend fun transmit(buffer: ByteBuffer, target: SocketAddress) {
        if (!isOpen) throw ClosedException("send on $this: it is closed")
        val size = buffer.remaining()
        if (size > kind.largest) {
            throw TooLargeException("send of $size bytes on $this: a datagram is at most ${kind.largest}")
        }
        if (kind.isNobody(target)) {
            buffer.position(buffer.limit())
            return
        }
        if (!put(buffer, target)) return transmitLater(buffer, target)
        // Whoever only sends would keep the others on this loop from their turn.
        if (!writer.mayGoOn()) yield()
    }

    private suspend fun transmitLater(buffer: ByteBuffer, target: SocketAddress) {
        waitingToSend.withLock {
            while (!put(buffer, target)) awaitWritable()
        }
    }

    private suspend fun awaitWritable(): Unit = suspendCoroutineUninterceptedOrReturn { continuation ->
        if (!isOpen) throw ClosedException("send on $this: it is closed")
        poller.arm(this, OP_WRITE)
        writer.park(continuation)
    }

    /** Whether the kernel took it. An empty one counts as taken: the channel says 0 either way. */
    private fun put(buffer: ByteBuffer, target: SocketAddress): Boolean {
        val size = buffer.remaining()
        val source = if (buffer.isDirect) buffer else poller.scratch.clear().put(buffer.duplicate()).flip()
        val count =
            try {
                if (lost) reconnect(target)
                when {
                    size > 0 && socket.isConnected -> socket.write(source)
                    else -> sendApart(source, target)
                }
            } catch (cause: IOException) {
                lost = peer != null && kind.unnamed != null
                throw fault("send to ${kind.address(target)} on $this", cause)
            } catch (cause: RuntimeException) {
                // Java's way to say that an IPv4 socket has no way to an IPv6 address.
                throw fault("send to ${kind.address(target)} on $this", cause)
            }
        if (count < size) return false
        if (source !== buffer) buffer.position(buffer.limit())
        return true
    }

    // A Unix socket is connected to a socket and not to its path: when that has gone, to the next one there.
    private fun reconnect(target: SocketAddress) {
        socket.disconnect()
        socket.connect(target)
        lost = false
    }

    // The JDK makes no system call for an empty buffer on a connected channel, and to connect again would throw away
    // what has come. So the first empty one ends the kernel's part of it: strangers are kept out here from then on, and
    // nobody tells any more that nobody was there.
    private fun sendApart(source: ByteBuffer, target: SocketAddress): Int {
        if (socket.isConnected && kind.unnamed == null) socket.disconnect()
        return socket.send(source, target)
    }

    @OptIn(UnsafeByteStringApi::class)
    private fun wrap(data: ByteString): ByteBuffer {
        var array: ByteArray? = null
        UnsafeByteStringOperations.withByteArrayUnsafe(data) { array = it }
        return ByteBuffer.wrap(array!!)
    }

    override suspend fun sendto(data: ByteString, to: DatagramAddress): Unit = sendto(wrap(data), to)

    override suspend fun sendto(data: ByteArray, to: DatagramAddress): Unit = sendto(ByteBuffer.wrap(data), to)

    override suspend fun sendto(text: String, to: DatagramAddress): Unit =
        sendto(ByteBuffer.wrap(text.encodeToByteArray()), to)

    override suspend fun send(data: ByteString): Unit = send(wrap(data))

    override suspend fun send(data: ByteArray): Unit = send(ByteBuffer.wrap(data))

    override suspend fun send(text: String): Unit = send(ByteBuffer.wrap(text.encodeToByteArray()))

    // ---- one peer, and groups of them

    override suspend fun connect(address: DatagramAddress): DatagramConnection {
        if (!poller.isHere) return poller.here { connect(address) }
        if (!isOpen) throw ClosedException("connect $this to $address: it is closed")
        if (peer != null) throw ClosedException("connect $this to $address: it is connected now")
        val target = kind.system(address)
        orFault("connect $this to $address") { socket.connect(target) }
        peerSystem = target
        peer = kind.address(target)
        end = kind.address(socket.localAddress)
        return this
    }

    override suspend fun join(group: String, via: String?, source: String?) {
        if (!poller.isHere) return poller.here { join(group, via, source) }
        checkGroups("join $group")
        groups.join(group, via, source)
    }

    override suspend fun leave(group: String, via: String?, source: String?) {
        if (!poller.isHere) return poller.here { leave(group, via, source) }
        checkGroups("leave $group")
        groups.leave(group, via, source)
    }

    private fun checkGroups(what: String) {
        if (end !is UdpAddress) throw UnsupportedException("$what on $this: groups are for UDP")
    }

    override suspend fun dropped(): Long? = (end as? UdpAddress)?.let { droppedAt(it) }

    // ---- ending

    override suspend fun endInput() {
        if (!poller.isHere) return poller.here { endInput() }
        noMoreInput = true
        if (!reader.isTaken) return
        poller.post {
            if (isOpen) readable(isReady = false)
            reader.fail(ClosedException("receive on $this: receiving was shut down"))
        }
    }

    override suspend fun close() {
        if (!poller.isHere) return poller.here { close() }
        if (isOpen) {
            isOpen = false
            val closed = ClosedException("$this was closed")
            into = null
            kept = null
            reader.fail(closed)
            writer.fail(closed)
            offers?.fail(closed)
            reader.forget()
            writer.forget()
        }
        return poller.release(this)
    }

    override fun <T : Any> get(option: Option<T>): T = socket.option(option, this)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = socket.option(option, value, this)

    override fun toString(): String = "${kind.name} $end" + (peer?.let { " <-> $it" } ?: "")

    private enum class Want { DATAGRAM, ADDRESS, DATA, COUNT }

    private companion object {
        /** Larger than any datagram over IPv4 or IPv6 without jumbograms. */
        const val LARGEST = 65_535
        const val LONGEST_PENALTY = 64

        /** A power of two; as many as may take turns. */
        const val SENDERS = 128
    }
}

/** What differs between datagrams over UDP and over Unix paths. */
internal interface DatagramKind {
    val name: String

    /** The most bytes that one carries. */
    val largest: Int

    /** What a receive that gives bytes and no sender means; null where that can't be. */
    val unnamed: SocketAddress?

    /** What the system calls [address]. */
    suspend fun system(address: DatagramAddress): SocketAddress

    /** What we call [system]. */
    fun address(system: SocketAddress): DatagramAddress

    /** Whether what is sent there goes nowhere. */
    fun isNobody(target: SocketAddress): Boolean
}

internal object UdpKind : DatagramKind {
    override val name: String get() = "udp"
    override val largest: Int get() = MAX_DATAGRAM
    override val unnamed: SocketAddress? get() = null

    /** The first of its name's addresses; a literal is asked for once. */
    override suspend fun system(address: DatagramAddress): InetSocketAddress {
        if (address !is UdpAddress) throw UnsupportedException("$address is not a UDP address")
        address.system?.let { return it }
        val target = InetSocketAddress(lookUp(address.host).first(), address.port)
        if (literalOrNull(address.host) != null) address.system = target
        return target
    }

    override fun address(system: SocketAddress): UdpAddress = (system as InetSocketAddress).toUdpAddress()

    override fun isNobody(target: SocketAddress): Boolean = (target as InetSocketAddress).port == 0
}
