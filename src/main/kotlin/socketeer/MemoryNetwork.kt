package socketeer

import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.withTimeoutOrNull
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.TimeSource

/**
 * A network inside this process: the same verbs and the same errors, no kernel.
 *
 * Several listeners by address, port 0 gives a free port, a full backlog makes connect wait. Any literal is an address
 * of this machine; [names] is all that its resolver knows. Options are kept and have no effect.
 */
public class MemoryNetwork(
    private val names: Map<String, List<String>> = mapOf("localhost" to listOf("127.0.0.1", "::1")),
) : Network {
    private val lock = Any()

    // Guarded by the lock.
    private val owners = HashMap<StreamAddress, Socket>()
    private val connections = LinkedHashSet<MemoryConnection>()
    private var open = true
    private var nextPort = FIRST_FREE_PORT

    override suspend fun bind(address: StreamAddress, vararg options: Setting<*>): BoundSocket {
        val where = addressesOf(address).first()
        val socket = synchronized(lock) { MemoryBound(free("bind", where)).also { owners[it.local] = it } }
        socket.options.setAll(options)
        return socket
    }

    override suspend fun connect(
        address: StreamAddress,
        timeout: Duration,
        vararg options: Setting<*>,
    ): Connection = connect(address, timeout, null).also { it.settings.setAll(options) }

    override suspend fun resolve(host: String): List<String> {
        if (isLiteral(host)) return listOf(host)
        return names[host] ?: throw NameNotFoundException("resolve: nobody is called $host in this network")
    }

    override suspend fun close() {
        val (ends, binds) =
            synchronized(lock) {
                open = false
                connections.toList() to owners.values.filter { it !is Connection }
            }
        binds.forEach { it.close() }
        ends.forEach { it.close() }
    }

    private suspend fun addressesOf(address: StreamAddress): List<StreamAddress> =
        when (address) {
            is UnixAddress -> listOf(address)
            is TcpAddress -> resolve(address.host).map { tcp(it, address.port) }
        }

    private suspend fun connect(address: StreamAddress, timeout: Duration, from: MemoryBound?): MemoryConnection {
        val started = TimeSource.Monotonic.markNow()
        val failures = ArrayList<SocketeerException>()
        for (where in addressesOf(address)) {
            try {
                return connectOne(where, from) { timeout - started.elapsedNow() }
            } catch (refused: RefusedException) {
                failures += refused
            } catch (late: TimedOutException) {
                failures += late
            }
        }
        throw failures.first().also { first -> failures.drop(1).forEach(first::addSuppressed) }
    }

    private suspend fun connectOne(where: StreamAddress, from: MemoryBound?, left: () -> Duration): MemoryConnection {
        val context = currentCoroutineContext()
        while (true) {
            val listener = listenerAt(where)
            // Made in one step, so that cancelling the wait never leaves half a connection behind.
            enter(where, listener, from, context)?.let { return it }
            withTimeoutOrNull(left()) {
                listener.room.awaitWhile { listener.isFull && from?.isOpen != false }
            } ?: throw TimedOutException("connect: $where did not accept in time")
        }
    }

    private fun listenerAt(where: StreamAddress): MemoryListener =
        synchronized(lock) {
            if (!open) throw ClosedException("connect: the network is closed ($where)")
            val owner = owners[where] ?: wildcards(where).firstNotNullOfOrNull { owners[it] }
            owner as? MemoryListener ?: throw RefusedException("connect: nobody listens at $where")
        }

    /** Joins the backlog of [listener]; null if it is full. */
    private fun enter(
        where: StreamAddress,
        listener: MemoryListener,
        from: MemoryBound?,
        context: CoroutineContext,
    ): MemoryConnection? {
        val near =
            synchronized(lock) {
                if (from?.isOpen == false) throw ClosedException("connect: closed here (${from.local})")
                if (!listener.isListening || listener.isFull) return null
                val local = from?.local ?: free("connect", anyFor(where))
                val (near, far) = wire(local, where, context, listener.context)
                connections += near
                connections += far
                far.onClose = ::forget
                near.onClose = ::forget
                if (local != unix("")) owners[local] = near
                from?.become()
                listener.pending.addLast(far)
                near
            }
        listener.arrivals.open()
        return near
    }

    private fun forget(connection: MemoryConnection) {
        synchronized(lock) {
            connections -= connection
            owners.remove(connection.local, connection)
        }
    }

    /** [wanted] with a port of its own; called under the lock. */
    private fun free(call: String, wanted: StreamAddress): StreamAddress {
        if (!open) throw ClosedException("$call: the network is closed ($wanted)")
        if (wanted is UnixAddress && wanted.path.isEmpty()) return wanted
        if (wanted !is TcpAddress || wanted.port != 0) {
            if (wanted in owners) throw AddressInUseException("$call: $wanted has an owner already")
            return wanted
        }
        repeat(FREE_PORTS) {
            val candidate = tcp(wanted.host, nextPort)
            nextPort = if (nextPort == MAX_PORT) FIRST_FREE_PORT else nextPort + 1
            if (candidate !in owners) return candidate
        }
        throw ExhaustedException("$call: no free port at ${wanted.host}")
    }

    /** A stream socket with an address; what it becomes next takes its place in [owners]. */
    private inner class MemoryBound(override val local: StreamAddress) : BoundSocket {
        val options = Settings("a socket in memory") { if (!isOpen) throw ClosedException("closed here ($local)") }

        private var state = State.OPEN
        override val isOpen: Boolean get() = synchronized(lock) { state != State.CLOSED }

        override suspend fun listen(backlog: Int): Listener {
            require(backlog >= 1) { "backlog >= 1, was $backlog" }
            val context = currentCoroutineContext()
            return synchronized(lock) {
                become()
                MemoryListener(local, backlog, context, options).also { owners[local] = it }
            }
        }

        override suspend fun connect(address: StreamAddress, timeout: Duration): Connection =
            connect(address, timeout, this).also { it.settings.takeFrom(options) }

        fun become() {
            if (state == State.CLOSED) throw ClosedException("closed here ($local)")
            check(state == State.OPEN) { "this socket listens or is connected already ($local)" }
            state = State.GONE
        }

        override suspend fun close() {
            val listeners =
                synchronized(lock) {
                    state = State.CLOSED
                    owners.remove(local, this)
                    owners.values.filterIsInstance<MemoryListener>()
                }
            // Its own connect may wait at any of them.
            listeners.forEach { it.room.open() }
        }

        override fun <T : Any> get(option: Option<T>): T = options[option]

        override fun <T : Any> set(option: Option<T>, value: T): Unit = options.set(option, value)

        override fun toString(): String = "BoundSocket($local)"
    }

    private inner class MemoryListener(
        override val local: StreamAddress,
        private val backlog: Int,
        val context: CoroutineContext,
        private val options: Settings,
    ) : Listener {
        val arrivals = Gate(lock)
        val room = Gate(lock)
        val pending = ArrayDeque<MemoryConnection>()
        var isListening = true
        private var accepting = false

        /** Whether a connect must wait. A listener that is gone has room: for the news. */
        val isFull: Boolean get() = isListening && pending.size >= backlog
        override val isOpen: Boolean get() = synchronized(lock) { isListening }

        override suspend fun accept(): Connection {
            synchronized(lock) {
                if (isListening && accepting) throw BusyException("accept: another coroutine accepts here ($local)")
                accepting = true
            }
            try {
                while (true) {
                    next()?.let { return it }
                    arrivals.awaitWhile { isListening && pending.isEmpty() }
                }
            } finally {
                synchronized(lock) { accepting = false }
            }
        }

        /** The first in the queue that its peer hasn't given up. */
        private fun next(): MemoryConnection? {
            var found: MemoryConnection? = null
            synchronized(lock) {
                if (!isListening) throw ClosedException("accept: closed here ($local)")
                while (found == null && pending.isNotEmpty()) {
                    val first = pending.removeFirst()
                    if (first.isBroken) connections -= first else found = first
                }
            }
            room.open()
            return found
        }

        override suspend fun close() {
            val unaccepted =
                synchronized(lock) {
                    isListening = false
                    owners.remove(local, this)
                    pending.toList().also { pending.clear() }
                }
            arrivals.open()
            room.open()
            unaccepted.forEach { it.abort() }
        }

        override fun <T : Any> get(option: Option<T>): T = options[option]

        override fun <T : Any> set(option: Option<T>, value: T): Unit = options.set(option, value)

        override fun toString(): String = "Listener($local)"
    }
}

private enum class State { OPEN, GONE, CLOSED }

private fun isLiteral(host: String) = ':' in host || host.all { it in '0'..'9' || it == '.' }

private fun anyFor(peer: StreamAddress): StreamAddress =
    when (peer) {
        is TcpAddress -> tcp(if (':' in peer.host) "::1" else LOOPBACK, 0)
        is UnixAddress -> unix("")
    }

private fun wildcards(where: StreamAddress): List<StreamAddress> =
    if (where is TcpAddress) listOf(tcp("0.0.0.0", where.port), tcp("::", where.port)) else emptyList()

private const val FIRST_FREE_PORT = 49_152
private const val FREE_PORTS = MAX_PORT - FIRST_FREE_PORT + 1
