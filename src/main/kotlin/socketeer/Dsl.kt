package socketeer

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/**
 * Runs [block] on a select loop on the calling thread and returns when all inside has ended: the block, what it
 * launched, its servers. Then every socket it made is closed.
 *
 * SIGINT and SIGTERM end it in order, and it returns: servers stop as [Server.stop] says, then what is left of the
 * block is cancelled. A second signal waits for nothing.
 *
 * @param loops how many loops connections are spread over, each on a thread of its own, 1 or more.
 * @param limits what servers and connections in it keep to.
 * @param events told what happens that no call can tell.
 * @param signals false leaves the process's signals alone.
 * @throws InterruptedException if the thread is interrupted, after the block was cancelled.
 * @throws IllegalStateException if the calling thread runs a loop already.
 */
public fun net(
    loops: Int = 1,
    limits: Limits = Limits(),
    events: (Event) -> Unit = printEvent,
    signals: Boolean = true,
    block: suspend Net.() -> Unit,
) {
    require(loops >= 1) { "loops >= 1, was $loops" }
    val all = List(loops) { SelectLoop(events, limits.hold) }
    try {
        for ((i, loop) in all.withIndex()) if (i > 0) loop.start("socketeer-loop-$i")
        val network = NioNetwork(all)
        all.first().runNet(signals) { started ->
            try {
                coroutineScope { Net(network, limits, events, coroutineContext).also(started).block() }
            } finally {
                withContext(NonCancellable) { network.close() }
            }
        }
    } finally {
        for (loop in all) loop.close()
    }
}

/** The same on [network], which may be any and stays the caller's to close. */
public fun net(
    network: Network,
    limits: Limits = Limits(),
    events: (Event) -> Unit = printEvent,
    signals: Boolean = true,
    block: suspend Net.() -> Unit,
) {
    SelectLoop(events, limits.hold).use { loop ->
        loop.runNet(signals) { started ->
            coroutineScope { Net(network, limits, events, coroutineContext).also(started).block() }
        }
    }
}

/** Runs [body], which tells of its [Net], on this loop; a signal ends that in order. */
private fun SelectLoop.runNet(signals: Boolean, body: suspend ((Net) -> Unit) -> Unit) {
    val asked = AtomicInteger()
    try {
        run {
            var net: Net? = null
            val listening =
                if (signals) {
                    Signals.listen {
                        launch { net?.end(it, inOrder = asked.incrementAndGet() == 1) }
                    }
                } else {
                    null
                }
            listening.use { body { net = it } }
        }
    } catch (cause: CancellationException) {
        if (asked.get() == 0) throw cause
    }
}

/**
 * What a [net] block sees: the verbs, and a scope to launch in.
 *
 * @property network where its sockets come from.
 * @property limits what its servers keep to unless told otherwise.
 */
public class Net internal constructor(
    public val network: Network,
    public val limits: Limits,
    events: (Event) -> Unit,
    override val coroutineContext: CoroutineContext,
) : CoroutineScope {
    private val events = Told(events)
    private val stops = CopyOnWriteArrayList<suspend () -> Unit>()

    /** [Network.bind]. */
    public suspend fun bind(address: StreamAddress, vararg options: Setting<*>): BoundSocket =
        network.bind(address, *options)

    /** [Network.connect]. */
    public suspend fun connect(
        address: StreamAddress,
        timeout: Duration = limits.connect,
        vararg options: Setting<*>,
    ): Connection = network.connect(address, timeout, *options)

    /** [Network.bind]. */
    public suspend fun bind(address: DatagramAddress, vararg options: Setting<*>): DatagramSocket =
        network.bind(address, *options)

    /** [Network.connect]. */
    public suspend fun connect(address: DatagramAddress, vararg options: Setting<*>): DatagramConnection =
        network.connect(address, *options)

    /** [Network.resolve]. */
    public suspend fun resolve(host: String): List<String> = network.resolve(host)

    /** [Network.reverse]. */
    public suspend fun reverse(address: String): String = network.reverse(address)

    /**
     * Listens on [port] of [host] and runs [handler] in a coroutine for each connection. Returns once clients can
     * connect; the server goes on until it is stopped or the block is cancelled.
     *
     * @param port 0 for a free one, told by [Server.address].
     * @param host loopback unless told otherwise; `"0.0.0.0"` or `"::"` serves the world.
     * @param name what reports call the server and its handler; its address unless told otherwise.
     * @throws AddressInUseException, AddressNotAvailableException, DeniedException, NameNotFoundException
     */
    public suspend fun tcpServer(
        port: Int,
        host: String = LOOPBACK,
        limits: Limits = this.limits,
        name: String? = null,
        handler: Handler,
    ): Server = tcpServer(tcp(host, port), limits, name, handler)

    /** Listens on [address]. */
    public suspend fun tcpServer(
        address: TcpAddress,
        limits: Limits = this.limits,
        name: String? = null,
        handler: Handler,
    ): Server = serve(bind(address).listen(limits.backlog), limits, name, handler)

    /**
     * Listens on the Unix stream socket [path] and runs [handler] in a coroutine for each connection. A file that a
     * dead server left behind is replaced, anything else is left alone; the file is removed when the server ends.
     *
     * @param mode who may connect, in octal as for chmod(1).
     * @throws AddressInUseException, AddressNotAvailableException, DeniedException
     */
    public suspend fun unixSocket(
        path: String,
        mode: String = "600",
        limits: Limits = this.limits,
        name: String? = null,
        handler: Handler,
    ): Server = serve(bind(unix(path), Option.Mode(mode)).listen(limits.backlog), limits, name, handler)

    /**
     * Receives Unix datagrams at [path] and runs [handler] in a coroutine for each, as [udpServer]. The file is treated
     * as [unixSocket] does, except that between its making and its [mode] there is a moment at which others could send.
     *
     * @throws UnsupportedException without the optional dependency `com.kohlschutter.junixsocket:junixsocket-core`.
     */
    public suspend fun unixDatagramServer(
        path: String,
        mode: String = "600",
        limits: Limits = this.limits,
        handler: DatagramHandler,
    ): DatagramServer = serve(bind(unixDatagram(path), Option.Mode(mode)), limits, handler)

    /** [Network.inherited]. */
    public suspend fun inherited(): Socket? = network.inherited()

    /** [Network.socketPair]. */
    public suspend fun socketPair(): Pair<Connection, Connection> = network.socketPair()

    /**
     * Runs [handler] in a coroutine for each connection of [listener], which is the server's from now on. Should the
     * listener fail, that is a [ServerFailed], and this `net` fails with it.
     */
    public fun serve(
        listener: Listener,
        limits: Limits = this.limits,
        name: String? = null,
        handler: Handler,
    ): Server = served(Server(listener, limits, events, name, network.time, handler, this))

    /** Serves the next connection that comes to [listener], as [serve] would, closes both, and says how it ended. */
    public suspend fun serveOne(
        listener: Listener,
        limits: Limits = this.limits,
        name: String? = null,
        handler: Handler,
    ): Receipt {
        val server = served(Server(listener, limits, events, name, network.time, handler, this, quota = 1))
        try {
            server.join()
        } finally {
            // It has ended, or its caller was cancelled.
            withContext(NonCancellable) { server.stop(Duration.ZERO) }
        }
        return server.stop()
    }

    private fun served(server: Server): Server {
        untilEnded(server::join) { server.stop() }
        return server
    }

    /**
     * Receives on [port] of [host] and runs [block] on the socket in a coroutine; returns at once. What the block
     * throws is reported and ends this socket only. To go on whatever one datagram does, see [udpServer].
     *
     * @param port 0 for a free one, told by [DatagramServer.address].
     * @param host loopback unless told otherwise; `"0.0.0.0"` or `"::"` serves the world.
     * @throws AddressInUseException, AddressNotAvailableException, DeniedException, NameNotFoundException
     */
    public suspend fun udpSocket(
        port: Int,
        host: String = LOOPBACK,
        vararg options: Setting<*>,
        block: suspend DatagramSocket.() -> Unit,
    ): DatagramServer = datagramSocket(bind(udp(host, port), *options), block)

    /**
     * Receives on [port] of [host] and runs [handler] in a coroutine for each datagram, as many at once as
     * [Limits.connections] says; then the next ones wait in the kernel, which drops what finds no room.
     */
    public suspend fun udpServer(
        port: Int,
        host: String = LOOPBACK,
        limits: Limits = this.limits,
        handler: DatagramHandler,
    ): DatagramServer = udpServer(udp(host, port), limits, handler)

    /** Receives on [address]. */
    public suspend fun udpServer(
        address: UdpAddress,
        limits: Limits = this.limits,
        handler: DatagramHandler,
    ): DatagramServer = serve(bind(address), limits, handler)

    /** Runs [handler] in a coroutine for each datagram that comes to [socket]. */
    public fun serve(
        socket: DatagramSocket,
        limits: Limits = this.limits,
        handler: DatagramHandler,
    ): DatagramServer = served(DatagramServer(socket, limits, events, this) { each(it, handler) })

    private fun datagramSocket(socket: DatagramSocket, block: suspend DatagramSocket.() -> Unit): DatagramServer =
        served(DatagramServer(socket, limits, events, this) { all(block) })

    private fun served(server: DatagramServer): DatagramServer {
        untilEnded(server::join) { server.stop() }
        return server
    }

    /** A signal calls [stop] until what [join] waits for has ended. */
    private fun untilEnded(join: suspend () -> Unit, stop: suspend () -> Unit) {
        stops += stop
        launch {
            join()
            stops -= stop
        }
    }

    internal suspend fun end(signal: String, inOrder: Boolean) {
        if (inOrder) stops.map { stop -> launch { stop() } }.joinAll()
        coroutineContext.cancel(CancellationException("ended by $signal"))
    }
}
