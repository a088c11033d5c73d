package socketeer.loop

import kotlinx.coroutines.Job
import socketeer.BoundSocket
import socketeer.ClosedException
import socketeer.Connection
import socketeer.Listener
import socketeer.Option
import socketeer.Setting
import socketeer.StreamAddress
import socketeer.UnixAddress
import socketeer.asideWhole
import java.net.StandardProtocolFamily
import java.net.UnixDomainSocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicReference
import kotlin.time.Duration

/**
 * A bound Unix stream socket that neither listens nor connects yet: its [holder] keeps the path for it. That one
 * listens, because another server would take a path where nobody does, but accepts nobody; who connects to it before
 * its time is hung up on. To listen, the real one replaces it in one step; to connect, it is let go.
 */
internal class UnixBound private constructor(
    private val network: NioNetwork,
    private val poller: Poller,
    private val holder: ServerSocketChannel,
    private val file: SocketFile,
    override val local: UnixAddress,
    private val options: List<Setting<*>>,
) : BoundSocket {
    private val became = AtomicReference<String?>()

    /** What connects from here at the moment; a close before it has begun must still end it. */
    @Volatile private var connecting: NioConnection? = null

    @Volatile private var closed = false

    /** Complete when a connect from here is over. */
    private val connected = Job()

    override val isOpen: Boolean get() = became.get() == null

    override suspend fun listen(backlog: Int): Listener {
        require(backlog >= 1) { "a backlog is 1 or more, was $backlog" }
        become("listener")
        val (server, placed) = orFault("listen on $local") { asideWhole { holder.use { listening(backlog) } } }
        val address = local.toSocketAddress()
        val listener =
            NioListener(server, poller, local, { asideWhole(placed::remove) }) { accepted, remote ->
                network.adopt(accepted, Ends(address, remote))
            }
        with(network) { poller.here { server.orClose { listener.owned() } } }
        network.checkOpen("listen on $local", listener)
        return listener
    }

    private fun listening(backlog: Int): Pair<ServerSocketChannel, SocketFile> {
        var placed = file
        val server =
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).orClose {
                configureBlocking(false)
                for (setting in options) if (setting.option.nio in supportedOptions()) set(setting)
                placed = file.replacedBy(mode(options)) { bind(UnixDomainSocketAddress.of(it), backlog) }
            }
        return server to placed
    }

    override suspend fun connect(address: StreamAddress, timeout: Duration): Connection {
        become(CONNECTION)
        try {
            return reopened().orClosed {
                within(timeout, address) {
                    network.establish(poller, this, network.targets(address).first()) {
                        connecting = it
                        if (closed) it.close()
                    }
                }
            }
        } finally {
            connecting = null
            // The name has served: the peer knows it from now on, and nobody can connect to it. Also if this is
            // cancelled.
            asideWhole { Files.deleteIfExists(file.path) }
            connected.complete()
        }
    }

    /** The channel of a client in place of the one that has held the name. */
    private suspend fun reopened(): SocketChannel = asideWhole {
        holder.close()
        file.remove()
        open(local.toSocketAddress(), options.toTypedArray(), "bind $local") { bind(local.toSocketAddress()) }
    }

    private fun become(what: String) {
        became.updateAndGet { before -> if (before == null) what else throw ClosedException("$local is a $before now") }
        network.forget(this)
    }

    override suspend fun close() {
        closed = true
        network.forget(this)
        if (!became.compareAndSet(null, "closed socket")) {
            if (became.get() != CONNECTION) return
            connecting?.close()
            return connected.join()
        }
        asideWhole {
            holder.close()
            file.remove()
        }
    }

    override fun <T : Any> get(option: Option<T>): T = holder.option(option, this)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = holder.option(option, value, this)

    override fun toString(): String = "bound $local"

    companion object {
        private const val CONNECTION = "connection"

        suspend fun of(
            network: NioNetwork,
            poller: Poller,
            address: UnixAddress,
            options: List<Setting<*>>,
        ): UnixBound {
            require(address.path.isNotEmpty()) { "bind a Unix socket to a path, was unnamed" }
            val holder = ServerSocketChannel.open(StandardProtocolFamily.UNIX)
            val file =
                orFault("bind $address") {
                    asideWhole {
                        lateinit var file: SocketFile
                        holder.orClose {
                            file =
                                SocketFile.made(Path.of(address.path), mode(options)) {
                                    bind(UnixDomainSocketAddress.of(it))
                                }
                        }
                        file
                    }
                }
            return UnixBound(network, poller, holder, file, address, options)
        }

        private fun mode(options: List<Setting<*>>): String =
            options.lastOrNull { it.option === Option.Mode }?.value as String? ?: "600"
    }
}

/** Two connected channels: the JDK has no socketpair(2), so they meet at a path that only we can reach. */
internal fun unixPair(): Pair<SocketChannel, SocketChannel> = orFault("socketPair") {
    SocketFile.inPrivate { path ->
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).use { meeting ->
            meeting.bind(UnixDomainSocketAddress.of(path))
            SocketChannel.open(UnixDomainSocketAddress.of(path)).let { near ->
                near.orClosed { near to meeting.accept() }
            }
        }
    }
}
