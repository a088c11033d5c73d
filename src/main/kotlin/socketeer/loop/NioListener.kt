package socketeer.loop

import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.selects.SelectClause1
import socketeer.BusyException
import socketeer.ClosedException
import socketeer.Connection
import socketeer.ExhaustedException
import socketeer.Listener
import socketeer.Option
import socketeer.StreamAddress
import socketeer.TurnsAway
import java.io.IOException
import java.net.SocketAddress
import java.nio.channels.SelectionKey.OP_ACCEPT
import java.nio.channels.ServerSocketChannel
import java.nio.channels.SocketChannel
import kotlin.coroutines.Continuation
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn
import kotlin.coroutines.startCoroutine
import kotlin.time.Duration.Companion.milliseconds

/** A listening socket on its poller; [adopt] makes a connection of each channel that is accepted. */
internal class NioListener(
    private val server: ServerSocketChannel,
    poller: Poller,
    override val local: StreamAddress,
    private val afterClose: suspend () -> Unit = {},
    private val adopt: suspend (SocketChannel, SocketAddress) -> Connection,
) : Watch(poller, server),
    Listener,
    TurnsAway {
    private val acceptor = Slot(poller)

    /** A descriptor put by: given up, it lets those in for a moment who else would wait and never know. */
    private var spare = spareOrNull()

    /** Failures in a row that no connection is known to be the cause of. */
    private var strange = 0

    @Volatile override var isOpen: Boolean = true
        private set

    @Volatile private var offers: Offers<Connection>? = null

    /** Accepted for a select that then took something else. */
    private val kept = ArrayDeque<Connection>()

    override suspend fun accept(): Connection {
        if (offers != null) kept()?.let { return it }
        while (true) {
            val channel = acceptChannel()
            try {
                return broughtBack(adopt(channel, channel.remoteAddress))
            } catch (_: IOException) {
                // Its peer gave up before we came to it: nothing is lost, the next one may be there.
                channel.close()
            }
        }
    }

    /**
     * [connection] on arrival at a caller elsewhere; one that was cancelled meanwhile would drop it, so it is closed.
     */
    @OptIn(InternalCoroutinesApi::class)
    private suspend fun broughtBack(connection: Connection): Connection {
        val job = currentCoroutineContext()[Job]
        if (poller.isHere || job == null || !job.isCancelled) return connection
        connection.close()
        throw job.getCancellationException()
    }

    private suspend fun acceptChannel(): SocketChannel {
        if (!poller.isHere) return poller.hereIfActive { acceptChannel() }
        if (!isOpen) throw ClosedException("accept on $local: it is closed")
        if (acceptor.isTaken) throw BusyException("accept on $local: another accept is waiting")
        if (acceptor.mayGoOn()) take()?.let { return it }
        return suspendCoroutineUninterceptedOrReturn { continuation ->
            acceptor.park(continuation).also { poller.arm(this, OP_ACCEPT) }
        }
    }

    private suspend fun kept(): Connection? {
        if (!poller.isHere) return poller.here { kept() }
        offers?.retract()
        return kept.removeFirstOrNull()
    }

    override val onAccept: SelectClause1<Connection>
        get() =
            synchronized(acceptor) {
                offers ?: Offers(poller, kept::addFirst).also { offers = it }
            }.clause(::look)

    private fun look() {
        val offers = offers!!
        if (!isOpen) return offers.fail(ClosedException("accept on $local: it is closed"))
        if (acceptor.isTaken) return
        kept.removeFirstOrNull()?.let { return offers.offer(it) }
        try {
            val channel = take() ?: return poller.arm(this, OP_ACCEPT)
            // To make a connection of it may take another loop; nobody waits for that but the select.
            adoptFor(channel, offers)
        } catch (_: ExhaustedException) {
            // A select can't be told and go on: it waits until there are descriptors again.
            lookLater()
        } catch (cause: IOException) {
            offers.fail(cause)
        }
    }

    /** Who waits in the backlog makes this socket ready all the time; to be told so all the time would take a core. */
    private fun lookLater() {
        poller.disarm(this, OP_ACCEPT)
        suspend { delay(PAUSE) }.startCoroutine(
            Continuation(poller.dispatcher) { if (isOpen && offers?.wanted == true) look() },
        )
    }

    private fun adoptFor(channel: SocketChannel, offers: Offers<Connection>) {
        val making = suspend {
            val made = adopt(channel, channel.remoteAddress)
            if (isOpen) offers.offer(made) else made.close()
        }
        making.startCoroutine(
            Continuation(poller.dispatcher) { outcome ->
                outcome.onFailure {
                    // Its peer gave up before we came to it.
                    channel.close()
                    look()
                }
            },
        )
    }

    override fun ready(ops: Int) {
        if (!isOpen) return
        if (!acceptor.isTaken && offers?.wanted == true) return look()
        // Nobody accepts: let them wait in the backlog.
        if (!acceptor.isTaken) return poller.disarm(this, OP_ACCEPT)
        // It has been cancelled and is about to be told; who came is for the next one.
        if (acceptor.isCancelled) return
        val channel =
            try {
                // Where an operation is armed for one event only, it is armed again.
                take() ?: return poller.arm(this, OP_ACCEPT)
            } catch (cause: Throwable) {
                return acceptor.fail(cause)
            }
        acceptor.resume(channel)
    }

    /** The next connection that waits in the backlog; null if none does, or if its peer has given it up already. */
    private fun take(): SocketChannel? = try {
        server.accept().also { strange = 0 }
    } catch (cause: IOException) {
        when {
            !server.isOpen -> throw ClosedException("accept on $local: it is closed")
            isExhaustion(cause) -> throw ExhaustedException("accept on $local: ${cause.message}", cause)
            isOfConnection(cause) || ++strange < STRANGE -> null
            else -> throw fault("accept on $local", cause)
        }
    }

    override suspend fun turnAway(): List<StreamAddress> {
        if (!poller.isHere) return poller.here { turnAway() }
        val given = spare ?: spareOrNull() ?: return emptyList()
        given.close()
        try {
            return buildList { while (size < TURNED_AWAY) add(takeAndClose() ?: break) }
        } finally {
            spare = spareOrNull()
        }
    }

    private fun takeAndClose(): StreamAddress? = try {
        take()?.use { it.remoteAddress.toAddress() }
    } catch (_: IOException) {
        // Another thread was quicker to take the descriptor: next time.
        null
    }

    override suspend fun close() {
        if (!poller.isHere) return poller.here { close() }
        val first = isOpen
        if (first) {
            isOpen = false
            acceptor.fail(ClosedException("$this was closed"))
            acceptor.forget()
            offers?.run {
                retract()
                fail(ClosedException("$this was closed"))
            }
            while (true) kept.removeFirstOrNull()?.close() ?: break
        }
        spare?.close()
        poller.release(this)
        if (first) afterClose()
    }

    override fun <T : Any> get(option: Option<T>): T = server.option(option, this)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = server.option(option, value, this)

    override fun toString(): String = "listener $local"
}

/** For a select that waits while there are no descriptors. */
private val PAUSE = 50.milliseconds

/** As many strange failures in a row are no connection's any more, but the listener's. */
private const val STRANGE = 16

/** As many as are turned away at once: a flood of them must not hold the loop. */
private const val TURNED_AWAY = 256
