package socketeer.loop

import socketeer.BoundSocket
import socketeer.ClosedException
import socketeer.Connection
import socketeer.Listener
import socketeer.Option
import socketeer.Setting
import socketeer.StreamAddress
import java.net.BindException
import java.net.SocketAddress
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel
import java.util.concurrent.atomic.AtomicReference
import kotlin.time.Duration

/**
 * A bound socket that neither listens nor connects yet, which NIO does not have: its server channel binds and listens
 * in one. So a client channel holds the address; to connect it is used, to listen a server channel binds the same
 * address (SO_REUSEADDR allows that as long as nobody listens) and the client channel is let go.
 */
internal class NioBound(
    private val network: NioNetwork,
    private val poller: Poller,
    private val channel: SocketChannel,
    private val asked: SocketAddress,
    private val options: List<Setting<*>>,
) : BoundSocket {
    private val became = AtomicReference<String?>()

    /** What connects from here at the moment; a close before it has begun must still end it. */
    @Volatile private var connecting: NioConnection? = null

    @Volatile private var closed = false
    private val bound = channel.localAddress

    override val local: StreamAddress = bound.toAddress()

    override val isOpen: Boolean get() = became.get() == null

    override suspend fun listen(backlog: Int): Listener {
        require(backlog >= 1) { "a backlog is 1 or more, was $backlog" }
        become("listener")
        val server = channel.orClosed {
            orFault("listen on $local") {
                ServerSocketChannel.open(asked.family).orClose {
                    configureBlocking(false)
                    for (setting in options) if (setting.option.nio in supportedOptions()) set(setting)
                    try {
                        bind(bound, backlog)
                    } catch (_: BindException) {
                        // Where the address can't be shared even so, let it go first.
                        channel.close()
                        bind(bound, backlog)
                    }
                }
            }
        }
        channel.close()
        val listener = NioListener(server, poller, local) { channel, remote -> network.adopt(channel, remote) }.also {
            it.owner = network
        }
        poller.here { server.orClose { poller.adopt(listener) } }
        network.checkOpen("listen on $local", listener)
        return listener
    }

    override suspend fun connect(address: StreamAddress, timeout: Duration): Connection {
        become("connection")
        return channel.orClosed {
            within(timeout, address) {
                network.establish(poller, channel, network.targets(address).first()) {
                    connecting = it
                    if (closed) it.close()
                }
            }
        }.also { connecting = null }
    }

    private fun become(what: String) {
        became.updateAndGet { before -> if (before == null) what else throw ClosedException("$local is a $before now") }
        network.forget(this)
    }

    override suspend fun close() {
        closed = true
        network.forget(this)
        if (became.compareAndSet(null, "closed socket")) channel.close() else connecting?.close()
    }

    override fun <T : Any> get(option: Option<T>): T = channel.option(option, this)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = channel.option(option, value, this)

    override fun toString(): String = "bound $local"
}

internal inline fun <R> SocketChannel.orClosed(block: SocketChannel.() -> R): R {
    try {
        return block()
    } catch (cause: Throwable) {
        close()
        throw cause
    }
}
