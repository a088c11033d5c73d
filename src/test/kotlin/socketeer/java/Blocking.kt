package socketeer.java

import kotlinx.coroutines.InternalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.job
import kotlinx.io.bytestring.ByteString
import socketeer.Direction
import socketeer.Limits
import socketeer.Option
import socketeer.Setting
import socketeer.StreamAddress
import java.io.InterruptedIOException
import java.nio.ByteBuffer
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.intrinsics.intercepted
import kotlin.coroutines.intrinsics.suspendCoroutineUninterceptedOrReturn
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import socketeer.BoundSocket as SuspendingBound
import socketeer.Connection as SuspendingConnection
import socketeer.Listener as SuspendingListener
import socketeer.Net as SuspendingNet
import socketeer.Network as SuspendingNetwork

/**
 * [network] through the façade: every call is a blocking one on a thread of its own, which a cancellation interrupts.
 */
internal class Blocking(private val network: SuspendingNetwork) : SuspendingNetwork {
    private suspend fun net() = Net(SuspendingNet(network, Limits(), {}, currentCoroutineContext()))

    override suspend fun bind(address: StreamAddress, vararg options: Setting<*>): SuspendingBound =
        net().let { net -> BlockingBound(blocking { net.bind(address, *options) }) }

    override suspend fun connect(
        address: StreamAddress,
        timeout: Duration,
        vararg options: Setting<*>,
    ): SuspendingConnection = net().let { net ->
        BlockingConnection(blocking { net.connect(address, timeout.toJavaDuration(), *options) })
    }

    override suspend fun resolve(host: String): List<String> = net().let { net -> blocking { net.resolve(host) } }

    override suspend fun close(): Unit = network.close()
}

private class BlockingBound(private val socket: BoundSocket) : SuspendingBound {
    override val local: StreamAddress get() = socket.local()
    override val isOpen: Boolean get() = socket.isOpen

    override suspend fun listen(backlog: Int): SuspendingListener = BlockingListener(
        blocking {
            socket.listen(backlog)
        },
    )

    override suspend fun connect(address: StreamAddress, timeout: Duration): SuspendingConnection =
        BlockingConnection(blocking { socket.connect(address, timeout.toJavaDuration()) })

    override suspend fun close() = always { socket.close() }

    override fun <T : Any> get(option: Option<T>): T = socket.get(option)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = socket.set(option, value)
}

private class BlockingListener(private val listener: Listener) : SuspendingListener {
    override val local: StreamAddress get() = listener.local()
    override val isOpen: Boolean get() = listener.isOpen

    override suspend fun accept(): SuspendingConnection = BlockingConnection(blocking { listener.accept() })

    override suspend fun close() = always { listener.close() }

    override fun <T : Any> get(option: Option<T>): T = listener.get(option)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = listener.set(option, value)
}

private class BlockingConnection(private val connection: Connection) : SuspendingConnection {
    override val coroutineContext: CoroutineContext get() = connection.connection.coroutineContext
    override val local: StreamAddress get() = connection.local()
    override val remote: StreamAddress get() = connection.remote()
    override val isOpen: Boolean get() = connection.isOpen
    override val received: Long get() = connection.received()
    override val sent: Long get() = connection.sent()

    override suspend fun recv(max: Int): ByteString? = blocking { connection.recv(max)?.string() }

    override suspend fun recvInto(buffer: ByteBuffer): Int = blocking { connection.recvInto(buffer) }

    override suspend fun recvExactly(n: Int): ByteString? = blocking { connection.recvExactly(n)?.string() }

    override suspend fun peek(n: Int): ByteString? = blocking { connection.peek(n)?.string() }

    override suspend fun unread(bytes: ByteString) = always { connection.unread(Bytes.wrap(bytes)) }

    override suspend fun send(buffer: ByteBuffer) = blocking { connection.send(buffer) }

    override suspend fun send(bytes: ByteString) = blocking { connection.send(Bytes.wrap(bytes)) }

    override suspend fun send(bytes: ByteArray) = blocking { connection.send(bytes) }

    override suspend fun send(text: String) = blocking { connection.send(text) }

    override suspend fun shutdown(how: Direction) = always { connection.shutdown(how) }

    override suspend fun close() = always { connection.close() }

    override suspend fun abort() = always { connection.abort() }

    override fun <T : Any> get(option: Option<T>): T = connection.get(option)

    override fun <T : Any> set(option: Option<T>, value: T): Unit = connection.set(option, value)

    override fun toString(): String = connection.toString()
}

/** What [call] gives on a thread of its own; that always arrives, so that nothing is lost on the way. */
private suspend fun <T> blocking(call: () -> T): T {
    currentCoroutineContext().ensureActive()
    return always(call)
}

/** The same for what is done even if its caller has been cancelled. */
private suspend fun <T> always(call: () -> T): T {
    val job = currentCoroutineContext().job
    return suspendCoroutineUninterceptedOrReturn { caller ->
        val back = caller.intercepted()
        val worker = Worker(job, call)
        Threads.EXECUTOR.execute { back.resumeWith(worker.outcome()) }
        worker.awaitBegun()
        COROUTINE_SUSPENDED
    }
}

private class Worker<T>(private val job: Job, private val call: () -> T) {
    @Volatile private var thread: Thread? = null

    @Volatile private var over = false

    @OptIn(InternalCoroutinesApi::class)
    fun outcome(): Result<T> {
        val me = Thread.currentThread()
        val hook = job.invokeOnCompletion(onCancelling = true) { cause ->
            synchronized(this) { if (cause != null && !over) me.interrupt() }
        }
        thread = me
        val outcome = runCatching(call)
        synchronized(this) { over = true }
        Thread.interrupted()
        hook.dispose()
        return if (outcome.exceptionOrNull() is InterruptedIOException) {
            Result.failure(job.getCancellationException())
        } else {
            outcome
        }
    }

    /** The laws want a call that is begun to be begun: it is over, or parked, and then its loop has been told of it. */
    fun awaitBegun() {
        while (!over && thread?.state != Thread.State.WAITING) Thread.yield()
    }
}
