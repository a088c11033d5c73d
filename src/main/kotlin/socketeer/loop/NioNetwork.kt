package socketeer.loop

import io.ktor.network.selector.SelectorManager
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import socketeer.BoundSocket
import socketeer.ClosedException
import socketeer.Connection
import socketeer.Network
import socketeer.Setting
import socketeer.Socket
import socketeer.StreamAddress
import socketeer.TcpAddress
import socketeer.TimedOutException
import socketeer.UnixAddress
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.net.StandardProtocolFamily
import java.net.StandardSocketOptions
import java.nio.channels.NetworkChannel
import java.nio.channels.SocketChannel
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/**
 * The kernel's sockets: non-blocking NIO channels that wait on select loops, or on any ktor `SelectorManager`.
 *
 * Connections are spread over the loops one by one and stay where they are.
 */
public class NioNetwork private constructor(
    private val pollers: List<Poller>,
    private val context: CoroutineContext,
) : Network {
    private val turn = AtomicInteger()
    private val bounds = ConcurrentHashMap.newKeySet<NioBound>()

    @Volatile private var closed = false

    /** Sockets on [loops], one or more, each of them driven by somebody. */
    public constructor(loops: List<SelectLoop>) : this(loops.map { it.poller }, loops.first().coroutineContext)

    /** Sockets on [selector]: a [SelectLoop], or any other; it stays the caller's to close. */
    public constructor(selector: SelectorManager) : this(
        listOf(if (selector is SelectLoop) selector.poller else SelectorPoller(selector)),
        selector.coroutineContext,
    )

    /** The caller's own loop if it is one of these, else the next in turn. */
    private fun poller(): Poller = pollers.firstOrNull { it.isHere } ?: next()

    private fun next(): Poller =
        pollers[if (pollers.size == 1) 0 else Math.floorMod(turn.getAndIncrement(), pollers.size)]

    override suspend fun bind(address: StreamAddress, vararg options: Setting<*>): BoundSocket {
        checkOpen("bind $address")
        val here = targets(address).first()
        val channel = open(address, options, "bind $address") { bind(here) }
        return NioBound(this, poller(), channel, (here as? InetSocketAddress)?.address, options.asList()).also {
            bounds += it
            checkOpen("bind $address", it)
        }
    }

    /** [bound] became something else: a watch of a poller, or nothing. */
    internal fun forget(bound: NioBound) {
        bounds -= bound
    }

    /** Asked before and after making something: a [socket] made while the network was being closed is nobody's. */
    internal suspend fun checkOpen(what: String, socket: Socket? = null) {
        if (!closed) return
        withContext(NonCancellable) { socket?.close() }
        throw ClosedException("$what: the network is closed")
    }

    override suspend fun connect(address: StreamAddress, timeout: Duration, vararg options: Setting<*>): Connection =
        within(timeout, address) {
            checkOpen("connect to $address")
            race(targets(address)) { target ->
                establish(poller(), open(address, options, "connect to $address") {}, target)
            }.also { checkOpen("connect to $address", it) }
        }

    /** Connects [channel], which is open and perhaps bound, on [poller]. */
    internal suspend fun establish(
        poller: Poller,
        channel: SocketChannel,
        target: SocketAddress,
        begun: suspend (NioConnection) -> Unit = {},
    ): Connection =
        poller.here {
            connection(channel, poller).apply {
                channel.orClose { adopt(Ends(null, target)) }
                begun(this)
                if (closed) close()
                establish()
            }
        }

    private fun connection(channel: SocketChannel, poller: Poller) =
        NioConnection(channel, poller, context).also { it.owner = this }

    /** Makes a connection of an accepted [channel], on the next loop in turn. */
    internal suspend fun adopt(channel: SocketChannel, remote: SocketAddress): Connection {
        channel.configureBlocking(false)
        if (remote is InetSocketAddress) channel.setOption(StandardSocketOptions.TCP_NODELAY, true)
        val ends = Ends(channel.localAddress, remote)
        val poller = next()
        if (poller.isHere) return connection(channel, poller).adopt(ends)
        return poller.here { connection(channel, poller).adopt(ends) }
    }

    internal suspend fun targets(address: StreamAddress): List<SocketAddress> = when (address) {
        is TcpAddress -> lookUp(address.host).interleaved().map { InetSocketAddress(it, address.port) }
        is UnixAddress -> listOf(address.toSocketAddress())
    }

    override suspend fun resolve(host: String): List<String> = lookUp(host).map(InetAddress::literal)

    override suspend fun close() {
        closed = true
        for (bound in bounds) bound.close()
        for (poller in pollers) {
            poller.here { for (watch in poller.watches()) if (watch.owner === this) watch.close() }
            if (poller is SelectorPoller) poller.close()
        }
    }
}

/** A stream channel for [address] with its [options] and [block] applied, or closed again and an error of our family. */
private fun open(
    address: StreamAddress,
    options: Array<out Setting<*>>,
    what: String,
    block: SocketChannel.() -> Unit,
): SocketChannel = orFault(what) {
    val channel = if (address is UnixAddress) {
        SocketChannel.open(
            StandardProtocolFamily.UNIX,
        )
    } else {
        SocketChannel.open()
    }
    channel.orClose {
        configureBlocking(false)
        if (address is TcpAddress) {
            setOption(StandardSocketOptions.TCP_NODELAY, true)
            setOption(StandardSocketOptions.SO_REUSEADDR, true)
        }
        for (setting in options) set(setting)
        block()
    }
}

/** Runs [block] on this new channel, which is closed if that fails. */
internal inline fun <C : NetworkChannel> C.orClose(block: C.() -> Unit): C {
    try {
        block()
        return this
    } catch (cause: Throwable) {
        close()
        throw cause
    }
}

/**
 * What [connecting] gives within [timeout]. A connection that exists when the caller is cancelled, or the time is up in
 * that moment, has nobody to go to, so it is closed.
 */
internal suspend fun within(
    timeout: Duration,
    address: StreamAddress,
    connecting: suspend () -> Connection,
): Connection {
    require(timeout.isPositive()) { "a timeout to connect is > 0, was $timeout" }
    var made: Connection? = null
    try {
        val outcome =
            withTimeoutOrNull(timeout) { outcomeOf { connecting().also { made = it } } }
                ?: throw TimedOutException("connect to $address: no answer within $timeout")
        return outcome.getOrThrow()
    } catch (cause: Throwable) {
        withContext(NonCancellable) { made?.close() }
        throw cause
    }
}
