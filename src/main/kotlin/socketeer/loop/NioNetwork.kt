package socketeer.loop

import io.ktor.network.selector.SelectorManager
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import socketeer.BoundSocket
import socketeer.ClosedException
import socketeer.Connection
import socketeer.DatagramAddress
import socketeer.DatagramConnection
import socketeer.DatagramSocket
import socketeer.FailedException
import socketeer.Network
import socketeer.Option
import socketeer.Setting
import socketeer.Socket
import socketeer.StreamAddress
import socketeer.TcpAddress
import socketeer.TimedOutException
import socketeer.UdpAddress
import socketeer.UnixAddress
import socketeer.UnixDatagramAddress
import socketeer.UnsupportedException
import socketeer.asideWhole
import socketeer.unix
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.SocketAddress
import java.net.StandardSocketOptions
import java.net.UnixDomainSocketAddress
import java.nio.channels.DatagramChannel
import java.nio.channels.NetworkChannel
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

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

    /** Those that no poller of ours watches. */
    private val unixSockets = ConcurrentHashMap.newKeySet<NioDatagrams>()
    private val bounds = ConcurrentHashMap.newKeySet<BoundSocket>()

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
        val bound =
            if (address is UnixAddress) {
                UnixBound.of(this, poller(), address, options.asList())
            } else {
                val here = targets(address).first()
                val channel = open(here, options, "bind $address") { bind(here) }
                NioBound(this, poller(), channel, here, options.asList())
            }
        bounds += bound
        checkOpen("bind $address", bound)
        return bound
    }

    /** [bound] became something else: a watch of a poller, or nothing. */
    internal fun forget(bound: BoundSocket) {
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
                patiently { establish(poller(), open(target, options, "connect to $address") {}, target) }
            }.also { checkOpen("connect to $address", it) }
        }

    override suspend fun socketPair(): Pair<Connection, Connection> {
        checkOpen("socketPair")
        val (near, far) = asideWhole(::unixPair)
        val unnamed = unix("").toSocketAddress()
        return adopt(near, Ends(unnamed, unnamed)).orEnd { this to adopt(far, Ends(unnamed, unnamed)) }
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
        if (remote is InetSocketAddress) channel.setOption(StandardSocketOptions.TCP_NODELAY, true)
        return adopt(channel, Ends(channel.localAddress, remote))
    }

    /** The same where the system doesn't know the [ends]. */
    internal suspend fun adopt(channel: SocketChannel, ends: Ends): Connection {
        channel.configureBlocking(false)
        val poller = next()
        if (poller.isHere) return connection(channel, poller).adopt(ends)
        return poller.here { connection(channel, poller).adopt(ends) }
    }

    internal suspend fun targets(address: StreamAddress): List<SocketAddress> = when (address) {
        is TcpAddress -> lookUp(address.host).interleaved().map { InetSocketAddress(it, address.port) }
        is UnixAddress -> listOf(address.toSocketAddress())
    }

    override suspend fun inherited(): Socket? {
        checkOpen("inherited")
        val poller = poller()
        return when (val channel = orFault("inherited") { System.inheritedChannel() }) {
            is ServerSocketChannel -> {
                channel.configureBlocking(false)
                val local = channel.localAddress.toAddress()
                poller.here {
                    NioListener(channel, poller, local) { each, remote -> adopt(each, remote) }.owned()
                }
            }
            is SocketChannel -> adopt(channel, channel.remoteAddress)
            is DatagramChannel -> {
                channel.configureBlocking(false)
                poller.here {
                    NioDatagrams(channel, poller, UdpKind.address(channel.localAddress), UdpKind).owned()
                }
            }
            else -> null
        }
    }

    /** Takes this in on its poller, as one of ours. */
    internal fun <W : Watch> W.owned(): W = also {
        owner = this@NioNetwork
        poller.adopt(this)
    }

    override suspend fun bind(address: DatagramAddress, vararg options: Setting<*>): DatagramSocket =
        when (address) {
            is UdpAddress -> datagrams(UdpKind.system(address), options, "bind $address") { bind(it) }
            is UnixDatagramAddress -> unixDatagrams("bind $address") {
                bindUnixDatagrams(it, address, options.asList())
            }
        }

    override suspend fun connect(address: DatagramAddress, vararg options: Setting<*>): DatagramConnection =
        when (address) {
            is UdpAddress -> datagrams(UdpKind.system(address), options, "connect to $address") {
                bind(null)
            }.orEnd { connect(address) }
            is UnixDatagramAddress ->
                unixDatagrams("connect to $address") {
                    bindUnixDatagrams(it, null, options.asList())
                }.orEnd { connect(address) }
        }

    private suspend fun datagrams(
        target: InetSocketAddress,
        options: Array<out Setting<*>>,
        what: String,
        block: DatagramChannel.(InetSocketAddress) -> Unit,
    ): NioDatagrams {
        checkOpen(what)
        val channel =
            orFault(what) {
                DatagramChannel.open(target.family).orClose {
                    configureBlocking(false)
                    for (setting in options) set(setting)
                    block(target)
                }
            }
        val poller = poller()
        return poller.here {
            NioDatagrams(channel, poller, UdpKind.address(channel.localAddress), UdpKind).owned()
        }.also { checkOpen(what, it) }
    }

    private suspend fun unixDatagrams(what: String, make: suspend (Poller) -> NioDatagrams): NioDatagrams {
        checkOpen(what)
        val made =
            try {
                make(poller())
            } catch (cause: LinkageError) {
                throw UnsupportedException(
                    "$what: the JDK has no Unix datagrams; com.kohlschutter.junixsocket:junixsocket-core is needed",
                    cause,
                )
            }
        unixSockets.removeIf { !it.isOpen }
        unixSockets += made
        return made.also { checkOpen(what, it) }
    }

    override suspend fun resolve(host: String): List<String> = lookUp(host).map(InetAddress::literal)

    override suspend fun reverse(address: String): String = lookUpReverse(address)

    override suspend fun close() {
        closed = true
        for (bound in bounds) bound.close()
        for (socket in unixSockets) socket.close()
        for (poller in pollers) {
            poller.here { for (watch in poller.watches()) if (watch.owner === this) watch.close() }
            if (poller is SelectorPoller) poller.close()
        }
    }
}

/**
 * A Unix listener whose backlog is full refuses for the moment (EAGAIN), and nothing tells when it no longer is: then
 * [connect] is tried again after a while, for as long as its caller waits. TCP does the same inside the kernel.
 */
private suspend fun patiently(connect: suspend () -> Connection): Connection {
    var pause = 1.milliseconds
    while (true) {
        try {
            return connect()
        } catch (cause: FailedException) {
            if (cause.message?.contains("temporarily unavailable") != true) throw cause
        }
        delay(pause)
        pause = (pause * 2).coerceAtMost(LONGEST_PAUSE)
    }
}

private val LONGEST_PAUSE = 64.milliseconds

/** A stream channel for [target] with its [options] and [block] applied, or closed again and an error of our family. */
internal fun open(
    target: SocketAddress,
    options: Array<out Setting<*>>,
    what: String,
    block: SocketChannel.() -> Unit,
): SocketChannel = orFault(what) {
    val channel = SocketChannel.open(target.family)
    channel.orClose {
        configureBlocking(false)
        if (target is InetSocketAddress) {
            setOption(StandardSocketOptions.TCP_NODELAY, true)
            setOption(StandardSocketOptions.SO_REUSEADDR, true)
        }
        for (setting in options) {
            if (!(target is UnixDomainSocketAddress && setting.option === Option.Mode)) {
                set(
                    setting,
                )
            }
        }
        block()
    }
}

private suspend inline fun <S : Socket, R> S.orEnd(block: S.() -> R): R {
    try {
        return block()
    } catch (cause: Throwable) {
        withContext(NonCancellable) { close() }
        throw cause
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
