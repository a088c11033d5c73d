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
 * Runs [block] on a select loop on the calling thread and returns when all inside has ended: the block, what it launched,
 * its servers. Then every socket it made is closed.
 *
 * SIGINT and SIGTERM end it in order, and it returns: servers stop as [Server.stop] says, then what is left of the block
 * is cancelled. A second signal waits for nothing.
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
    events: (Event) -> Unit = ::printEvent,
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
    events: (Event) -> Unit = ::printEvent,
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
                if (signals) Signals.listen { launch { net?.end(it, inOrder = asked.incrementAndGet() == 1) } } else null
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
    private val events: (Event) -> Unit,
    override val coroutineContext: CoroutineContext,
) : CoroutineScope {
    private val servers = CopyOnWriteArrayList<Server>()

    /** [Network.bind]. */
    public suspend fun bind(address: StreamAddress, vararg options: Setting<*>): BoundSocket =
        network.bind(address, *options)

    /** [Network.connect]. */
    public suspend fun connect(
        address: StreamAddress,
        timeout: Duration = limits.connect,
        vararg options: Setting<*>,
    ): Connection = network.connect(address, timeout, *options)

    /** [Network.resolve]. */
    public suspend fun resolve(host: String): List<String> = network.resolve(host)

    /**
     * Listens on [port] of [host] and runs [handler] in a coroutine for each connection. Returns once clients can
     * connect; the server goes on until it is stopped or the block is cancelled.
     *
     * @param port 0 for a free one, told by [Server.address].
     * @param host loopback unless told otherwise; `"0.0.0.0"` or `"::"` serves the world.
     * @throws AddressInUseException, AddressNotAvailableException, DeniedException, NameNotFoundException
     */
    public suspend fun tcpServer(
        port: Int,
        host: String = LOOPBACK,
        limits: Limits = this.limits,
        handler: Handler,
    ): Server = tcpServer(tcp(host, port), limits, handler)

    /** Listens on [address]. */
    public suspend fun tcpServer(address: TcpAddress, limits: Limits = this.limits, handler: Handler): Server =
        serve(bind(address).listen(limits.backlog), limits, handler)

    /** Runs [handler] in a coroutine for each connection of [listener]. */
    public fun serve(listener: Listener, limits: Limits = this.limits, handler: Handler): Server {
        val server = Server(listener, limits, events, handler, this)
        servers += server
        launch {
            server.join()
            servers -= server
        }
        return server
    }

    internal suspend fun end(signal: String, inOrder: Boolean) {
        if (inOrder) servers.map { server -> launch { server.stop() } }.joinAll()
        coroutineContext.cancel(CancellationException("ended by $signal"))
    }
}
