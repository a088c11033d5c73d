package socketeer.chaos

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import socketeer.AcceptPaused
import socketeer.BrokenException
import socketeer.Closed
import socketeer.ClosedException
import socketeer.CoroutineFailed
import socketeer.Event
import socketeer.HandlerFailed
import socketeer.Limits
import socketeer.Net
import socketeer.Option
import socketeer.Receipt
import socketeer.Server
import socketeer.ServerFailed
import socketeer.TcpAddress
import socketeer.TimedOutException
import socketeer.loadAllClasses
import socketeer.net
import socketeer.tcp
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.LongAdder
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * A process with an echo server that lives through the chaos. Told an event's name and N, it waits until there have
 * been more than N of it; `settle N`, until N connections are left; `stop`, it stops and serves the same port again at
 * once.
 */
fun main() {
    loadAllClasses()
    val events = ConcurrentHashMap<String, LongAdder>()
    val limits = Limits(firstByte = 2.seconds, writeStall = 2.seconds)
    net(limits = limits, events = { events.count(it) }, signals = false) {
        var server = echo(0)
        say("listening", mapOf("port" to (server.address as TcpAddress).port.toLong()))
        while (true) {
            val line = withContext(Dispatchers.IO) { readlnOrNull() } ?: break
            val count = line.substringAfter(' ', "").toLongOrNull() ?: 0
            when (val word = line.substringBefore(' ')) {
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
                else -> {
                    while (events.counts()(word) <= count) delay(1.milliseconds)
                    say(word, events.counts())
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

/** Each by its name; what no weather explains is also printed. */
private fun ConcurrentHashMap<String, LongAdder>.count(event: Event) {
    val name = if (isExplained(event)) event::class.simpleName!! else "unexpected"
    if (name == "unexpected") System.err.println(event)
    computeIfAbsent(if (event is Closed) "$name.${event.why}" else name) { LongAdder() }.increment()
}

private fun isExplained(event: Event) = when (event) {
    is HandlerFailed -> when (event.cause) {
        is BrokenException, is ClosedException, is TimedOutException -> true
        else -> false
    }
    is CoroutineFailed, is ServerFailed -> false
    else -> true
}

private fun Map<String, LongAdder>.counts(): Counts = mapValues { it.value.sum() }

private fun Receipt.counts(): Counts = mapOf(
    "accepted" to accepted,
    "finished" to finished,
    "failed" to failed,
    "cancelled" to cancelled,
    "aborted" to aborted,
    "refused" to refused,
)

private const val BUFFER = 16 * 1024
private val GRACE = 200.milliseconds
