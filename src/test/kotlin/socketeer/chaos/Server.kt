package socketeer.chaos

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import socketeer.AcceptPaused
import socketeer.BrokenException
import socketeer.ClosedException
import socketeer.Event
import socketeer.HandlerFailed
import socketeer.Limits
import socketeer.Net
import socketeer.Option
import socketeer.Receipt
import socketeer.Server
import socketeer.TcpAddress
import socketeer.loadAllClasses
import socketeer.net
import socketeer.tcp
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.LongAdder
import kotlin.time.Duration.Companion.milliseconds

/**
 * A process with an echo server that lives through the chaos. Told `paused N`, it waits until accepting has paused more
 * than N times; `settle N`, until N connections are left; `stop`, it stops and serves the same port again at once.
 */
fun main() {
    loadAllClasses()
    val events = ConcurrentHashMap<String, LongAdder>()
    net(limits = Limits(), events = { events.count(it) }, signals = false) {
        var server = echo(0)
        say("listening", mapOf("port" to (server.address as TcpAddress).port.toLong()))
        while (true) {
            val line = withContext(Dispatchers.IO) { readlnOrNull() } ?: break
            val count = line.substringAfter(' ', "").toLongOrNull() ?: 0
            when (line.substringBefore(' ')) {
                "paused" -> {
                    while (events.counts()("AcceptPaused") <= count) delay(1.milliseconds)
                    say("paused", events.counts())
                }
                "settle" -> {
                    while (server.connections > count) delay(1.milliseconds)
                    say("settled", events.counts())
                }
                "holds" -> say("holds", holds())
                "stop" -> {
                    val receipt = server.stop(GRACE)
                    server = echo((server.address as TcpAddress).port)
                    say("receipt", receipt.counts())
                }
            }
        }
        server.stop()
    }
}

private suspend fun Net.echo(port: Int): Server {
    val socket = bind(tcp(port), Option.ReceiveBuffer(BUFFER))
    return serve(socket.listen(limits.backlog)) {
        // So that whoever never reads stops its handler after some KiB, not MiB.
        set(Option.SendBuffer, BUFFER)
        while (true) send(recv() ?: break)
    }
}

/** Each by its name; what is nobody's fault but ours also goes to standard error, where it is no weather any more. */
private fun MutableMap<String, LongAdder>.count(event: Event) {
    val expected = event !is HandlerFailed || event.cause is BrokenException || event.cause is ClosedException
    if (!expected) System.err.println(event)
    getOrPut(if (expected) event::class.simpleName!! else "unexpected") { LongAdder() }.increment()
}

private fun Map<String, LongAdder>.counts(): Counts = mapValues { it.value.sum() }

private fun Receipt.counts(): Counts = mapOf(
    "accepted" to accepted,
    "finished" to finished,
    "failed" to failed,
    "cancelled" to cancelled,
    "aborted" to aborted,
)

private const val BUFFER = 16 * 1024
private val GRACE = 200.milliseconds
