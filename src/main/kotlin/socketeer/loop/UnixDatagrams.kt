package socketeer.loop

import org.newsclub.net.unix.AFUNIXDatagramChannel
import org.newsclub.net.unix.AFUNIXSelectorProvider
import org.newsclub.net.unix.AFUNIXSocketAddress
import socketeer.DatagramAddress
import socketeer.MAX_UNIX_PATH
import socketeer.Option
import socketeer.Setting
import socketeer.UnixDatagramAddress
import socketeer.UnsupportedException
import socketeer.asideWhole
import java.net.SocketAddress
import java.net.StandardSocketOptions
import java.nio.channels.SelectionKey
import java.nio.channels.Selector
import java.nio.file.Path
import java.util.UUID
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import kotlin.coroutines.resume
import kotlin.coroutines.suspendCoroutine

/*
 * Unix datagrams, which the JDK does not have, through junixsocket, which is an optional dependency: this file is the
 * only one that names it, and nothing loads it but the wish for such a socket.
 *
 * Its channels can't be watched by the JDK's selector, and its own selector scans all keys on every wake-up: so they
 * have a small watcher, a thread that selects and tells; all else happens on the loop as for UDP.
 */

/** A socket at [address], or, for a client, at a name of its own that it can be answered at. */
internal suspend fun bindUnixDatagrams(
    poller: Poller,
    address: UnixDatagramAddress?,
    options: List<Setting<*>>,
): NioDatagrams {
    val what = if (address == null) "open a Unix datagram socket" else "bind $address"
    val name = address ?: UnixDatagramAddress("\u0000socketeer-${UUID.randomUUID()}")
    require(name.path.isNotEmpty()) { "bind a Unix socket to a path, was unnamed" }
    var file: SocketFile? = null
    val channel =
        orFault(what) {
            asideWhole {
                AFUNIXDatagramChannel.open().apply {
                    orClose {
                        configureBlocking(false)
                        // On by default, and to junixsocket it means: unlink what is there.
                        setOption(StandardSocketOptions.SO_REUSEADDR, false)
                        for (setting in options) if (setting.option !== Option.Mode) set(setting)
                        val mode = options.lastOrNull { it.option === Option.Mode }?.value as String? ?: "600"
                        file = name.placed(mode) { bind(it) }
                    }
                }
            }
        }
    return poller.here {
        val watched = WatchedPoller(poller) { file?.let { placed -> asideWhole(placed::remove) } }
        NioDatagrams(channel, watched, name, UnixKind).also(watched::adopt)
    }
}

/** The file of this name once [bind] has made it; an abstract name has none. */
private fun UnixDatagramAddress.placed(mode: String, bind: (SocketAddress) -> Unit): SocketFile? {
    if (isAbstract) {
        bind(UnixKind.of(this))
        return null
    }
    return SocketFile.madeInPlace(Path.of(path), mode) { bind(UnixKind.of(this)) }
}

internal object UnixKind : DatagramKind {
    override val name: String get() = "unix"

    /** No more than fits the poller's buffer, so that nothing that comes is cut. */
    override val largest: Int get() = LARGEST
    override val unnamed: SocketAddress = AFUNIXSocketAddress.of(Path.of("/"))

    override suspend fun system(address: DatagramAddress): SocketAddress {
        if (address !is UnixDatagramAddress) throw UnsupportedException("$address is not a Unix datagram address")
        return if (address.path.isEmpty()) unnamed else of(address)
    }

    fun of(address: UnixDatagramAddress): SocketAddress =
        if (address.isAbstract) {
            AFUNIXSocketAddress.inAbstractNamespace(address.path.substring(1))
        } else {
            AFUNIXSocketAddress.of(Path.of(address.path))
        }

    override fun address(system: SocketAddress): UnixDatagramAddress {
        if (system === unnamed) return UnixDatagramAddress("")
        val bytes = (system as AFUNIXSocketAddress).pathAsBytes
        // An abstract name comes padded with zeros to the room there is for one.
        val size = bytes.indexOfLast { it != 0.toByte() } + 1
        return UnixDatagramAddress(bytes.decodeToString(0, minOf(size, MAX_UNIX_PATH + 1)))
    }

    /** Who has no name can't be answered. */
    override fun isNobody(target: SocketAddress): Boolean = target === unnamed

    private const val LARGEST = 65_536
}

/**
 * [base], but the channels are watched by junixsocket's selector on a thread of its own, which ends with the channel.
 */
private class WatchedPoller(private val base: Poller, private val afterClose: suspend () -> Unit) : Poller by base {
    private val selector: Selector = AFUNIXSelectorProvider.provider().openSelector()
    private val orders = ConcurrentLinkedQueue<() -> Unit>()
    private lateinit var key: SelectionKey

    @Volatile private var over = false

    override fun adopt(watch: Watch) {
        thread(isDaemon = true, name = "socketeer-unix-datagrams") { watch(watch) }
    }

    private fun watch(watch: Watch) {
        key = watch.channel.register(selector, 0)
        while (!over) {
            while (true) (orders.poll() ?: break)()
            if (over) break
            selector.select()
            for (ready in selector.selectedKeys()) {
                if (ready.isValid) {
                    tell(
                        watch,
                        ready.readyOps() and ready.interestOps(),
                    )
                }
            }
            selector.selectedKeys().clear()
        }
    }

    /** One event for each [arm]: what comes next is told when somebody waits again. */
    private fun tell(watch: Watch, ops: Int) {
        if (ops == 0) return
        key.interestOps(key.interestOps() and ops.inv())
        base.post {
            watch.interest = watch.interest and ops.inv()
            watch.ready(ops)
        }
    }

    private fun order(order: () -> Unit) {
        orders += order
        selector.wakeup()
    }

    override fun arm(watch: Watch, op: Int) {
        if (watch.interest and op != 0) return
        watch.interest = watch.interest or op
        order { if (key.isValid) key.interestOps(key.interestOps() or op) }
    }

    override fun disarm(watch: Watch, op: Int) {
        if (watch.interest and op == 0) return
        watch.interest = watch.interest and op.inv()
        order { if (key.isValid) key.interestOps(key.interestOps() and op.inv()) }
    }

    override suspend fun release(watch: Watch) {
        if (over) return
        suspendCoroutine { closer ->
            order {
                over = true
                watch.channel.close()
                selector.close()
                closer.resume(Unit)
            }
        }
        afterClose()
    }

    override fun watches(): List<Watch> = emptyList()
}
