package socketeer.java

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.withContext
import kotlinx.io.bytestring.ByteString
import org.slf4j.Logger
import socketeer.AcceptPaused
import socketeer.Accepted
import socketeer.Closed
import socketeer.CoroutineFailed
import socketeer.Drained
import socketeer.Draining
import socketeer.HandlerFailed
import socketeer.LoopBlocked
import socketeer.Proxied
import socketeer.Refused
import socketeer.Served
import socketeer.ServerFailed
import socketeer.Setting
import socketeer.StreamAddress
import socketeer.TcpAddress
import socketeer.TooLargeException
import socketeer.UdpAddress
import socketeer.arrayOf
import socketeer.awaitDraining
import socketeer.draining
import socketeer.loop.NioConnection
import socketeer.loop.refuseOnLoop
import socketeer.printEvent
import java.io.InterruptedIOException
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration
import socketeer.Connection as Stream
import socketeer.DatagramServer as Datagrams
import socketeer.DatagramSocket as DatagramEnd
import socketeer.Event as Happening
import socketeer.Events as Watching
import socketeer.Listener as Listening
import socketeer.Net as Scope
import socketeer.Receipt as Count
import socketeer.Server as Serving
import socketeer.watch.flightRecorder as recorded
import socketeer.watch.slf4j as logged

/*
 * What of the façade only Kotlin can say: suspending blocks, and what takes a kotlin.time.Duration. A private object is
 * private to the package for Java, so none of this is in sight of anybody else.
 */

private object Scopes {
    @JvmStatic
    fun net(setup: Setup, block: Block<*>) {
        val events = Events.told(setup.events)
        val limits = setup.limits.limits
        val body: suspend Scope.() -> Unit = { onThread { block.run(Net(this)) } }
        val network = setup.network
        if (network == null) {
            socketeer.net(setup.loops, limits, events, setup.signals, body)
        } else {
            socketeer.net(network, limits, events, setup.signals, body)
        }
    }

    @JvmStatic
    suspend fun tcpServer(
        net: Scope,
        address: TcpAddress,
        limits: Limits,
        name: String?,
        handler: Handler<Connection>,
    ): Serving = net.tcpServer(address, limits.limits, name, handler.suspending())

    @JvmStatic
    suspend fun unixSocket(
        net: Scope,
        path: String,
        mode: String,
        limits: Limits,
        name: String?,
        handler: Handler<Connection>,
    ): Serving = net.unixSocket(path, mode, limits.limits, name, handler.suspending())

    @JvmStatic
    fun serve(
        net: Scope,
        listener: Listening,
        limits: Limits,
        name: String?,
        handler: Handler<Connection>,
    ): Serving = net.serve(listener, limits.limits, name, handler.suspending())

    @JvmStatic
    suspend fun serveOne(net: Scope, listener: Listening, limits: Limits, handler: Handler<Connection>): Count =
        net.serveOne(listener, limits.limits, null, handler.suspending())

    @JvmStatic
    fun draining(connection: Stream): Boolean = connection.draining

    @JvmStatic
    suspend fun awaitDraining(connection: Stream): Unit = connection.awaitDraining()

    @JvmStatic
    suspend fun udpSocket(
        net: Scope,
        address: UdpAddress,
        options: Array<Setting<*>>,
        handler: Handler<DatagramSocket>,
    ): Datagrams =
        net.udpSocket(address.port, address.host, *options) { onThread { handler.handle(DatagramSocket(this)) } }

    @JvmStatic
    fun serve(net: Scope, socket: DatagramEnd, limits: Limits, handler: DatagramHandler): Datagrams {
        val mine = DatagramSocket(socket)
        return net.serve(socket, limits.limits) { (data, from) ->
            onThread { handler.handle(mine, Datagram(Bytes.wrap(data), from)) }
        }
    }

    @JvmStatic
    suspend fun stop(server: Serving, grace: JavaDuration): Count = server.stop(grace.toKotlinDuration())

    @JvmStatic
    suspend fun stop(server: Datagrams, grace: JavaDuration): Count = server.stop(grace.toKotlinDuration())

    @JvmStatic
    fun receipt(count: Count): Receipt =
        count.run { Receipt(accepted, finished, failed, cancelled, aborted, refused) }

    @JvmStatic
    fun launch(scope: CoroutineScope, task: Task): CompletableFuture<Void> {
        val future = CompletableFuture<Void>()
        val job = scope.launch { onThread(task::run) }
        job.invokeOnCompletion { if (it == null) future.complete(null) else future.completeExceptionally(it) }
        future.whenComplete { _, _ -> job.cancel() }
        return future
    }

    private fun Handler<Connection>.suspending(): socketeer.Handler = { onThread { handle(Connection(this)) } }
}

private val threads = Threads.EXECUTOR.asCoroutineDispatcher()

/** Runs [body] on a thread where it may block; a cancellation interrupts it, and waits for its end. */
private suspend fun onThread(body: () -> Unit) {
    val job = currentCoroutineContext()[Job]
    runInterruptible(threads) {
        try {
            body()
        } catch (cause: InterruptedIOException) {
            // Interrupted by us, and it has let that through: not a failure of its own.
            if (job?.isCancelled == true) throw InterruptedException(cause.message).initCause(cause) else throw cause
        }
    }
}

private object Sockets {
    @JvmStatic
    suspend fun connect(
        net: Scope,
        address: StreamAddress,
        timeout: JavaDuration,
        options: Array<Setting<*>>,
    ): Stream = withContext(net.coroutineContext[kotlin.coroutines.ContinuationInterceptor] ?: EmptyCoroutineContext) {
        net.connect(address, timeout.toKotlinDuration(), *options)
    }

    @JvmStatic
    suspend fun connect(
        socket: socketeer.BoundSocket,
        address: StreamAddress,
        timeout: JavaDuration,
    ): Stream = socket.connect(address, timeout.toKotlinDuration())

    /** [connection] as a thread that blocks may use it directly, if it is the kernel's. */
    @JvmStatic
    fun direct(connection: Stream): NioConnection? = when (connection) {
        is Served -> direct(connection.connection)
        is Proxied -> direct(connection.connection)
        else -> connection as? NioConnection
    }

    /** Closes what came for somebody who had gone. */
    @OptIn(DelicateCoroutinesApi::class)
    @JvmStatic
    fun forget(connection: Stream) {
        CoroutineScope(Dispatchers.Unconfined).launch(start = CoroutineStart.ATOMIC) { connection.abort() }
    }

    /** [data] into [buffer], whole; where there's not enough room it stays where it was. */
    @JvmStatic
    fun put(data: ByteString, buffer: ByteBuffer, socket: Socket) {
        if (data.size > buffer.remaining()) {
            val room = buffer.remaining()
            throw TooLargeException("receive on $socket: a datagram of ${data.size} bytes, and room for $room")
        }
        buffer.put(arrayOf(data))
    }

    @JvmStatic
    fun datagram(datagram: socketeer.Datagram): Datagram = Datagram(Bytes.wrap(datagram.data), datagram.from)
}

private object Loops {
    @JvmStatic
    fun refuse(): Unit = refuseOnLoop()
}

/** Both ways; each new event of Kotlin's stops the compiler here. */
private object Events {
    @JvmStatic
    fun of(event: Happening): Event = when (event) {
        is Accepted -> Event.Accepted(event.local, event.remote, event.name)
        is Refused -> Event.Refused(event.local, event.remote, event.why, event.name)
        is Closed -> event.run {
            Event.Closed(local, remote, why, cause, received, sent, duration.toJavaDuration(), name, client)
        }
        is HandlerFailed -> event.run { Event.HandlerFailed(local, remote, cause, name, client) }
        is ServerFailed -> Event.ServerFailed(event.local, event.cause, event.name)
        is CoroutineFailed -> Event.TaskFailed(event.cause)
        is LoopBlocked -> Event.LoopBlocked(event.holder, event.atLeast.toJavaDuration(), event.stack)
        is AcceptPaused -> Event.AcceptPaused(event.local, event.pause.toJavaDuration(), event.cause, event.name)
        is Draining -> Event.Draining(event.local, event.open, event.grace.toJavaDuration(), event.name)
        is Drained -> Event.Drained(event.local, Scopes.receipt(event.receipt), event.name)
    }

    private fun happening(event: Event): Happening = when (event) {
        is Event.Accepted -> Accepted(event.local, event.remote, event.name)
        is Event.Refused -> Refused(event.local, event.remote, event.why, event.name)
        is Event.Closed -> event.run {
            Closed(local, remote, why, cause, received, sent, duration.toKotlinDuration(), name, client)
        }
        is Event.HandlerFailed -> event.run { HandlerFailed(local, remote, cause, name, client) }
        is Event.ServerFailed -> ServerFailed(event.local, event.cause, event.name)
        is Event.TaskFailed -> CoroutineFailed(event.cause)
        is Event.LoopBlocked -> LoopBlocked(event.holder, event.atLeast.toKotlinDuration(), event.stack)
        is Event.AcceptPaused -> AcceptPaused(event.local, event.pause.toKotlinDuration(), event.cause, event.name)
        is Event.Draining -> Draining(event.local, event.open, event.grace.toKotlinDuration(), event.name)
        is Event.Drained -> Drained(event.local, count(event.receipt), event.name)
    }

    private fun count(receipt: Receipt): Count =
        receipt.run { Count(accepted, finished, failed, cancelled, aborted, refused) }

    /** [consumer] for Kotlin's events. One of Kotlin's says which it doesn't want, so those aren't even made. */
    fun told(consumer: Consumer<Event>): (Happening) -> Unit =
        if (consumer is Watcher) consumer.events else { event -> consumer.accept(of(event)) }

    @JvmStatic
    fun printed(): Consumer<Event> = Watcher(printEvent)

    @JvmStatic
    fun slf4j(logger: Logger): Consumer<Event> = Watcher(logged(logger))

    @JvmStatic
    fun flightRecorder(): Consumer<Event> = Watcher(recorded())

    /** A consumer of Kotlin's: for a program's own to be combined with. */
    private class Watcher(val events: Watching) : Consumer<Event> {
        override fun accept(event: Event) = events(happening(event))

        override fun toString(): String = events.toString()
    }
}
