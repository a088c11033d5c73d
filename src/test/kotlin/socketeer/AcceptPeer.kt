package socketeer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.lang.management.ManagementFactory

/**
 * A process with an echo server that tells what happens, a line each.
 *
 * `serve`: for clients from elsewhere, until it is told to go on. `once`: for one of its own.
 */
fun main(args: Array<String>) {
    if (args.single() == "serve") {
        loadAllClasses()
        loopNanos()
    }
    try {
        net(events = ::tell, signals = false) {
            val server = tcpServer(0, name = "echo") { while (true) send(recv() ?: break) }
            if (args.single() == "serve") {
                // What is needed to stop is loaded now: later there may be no descriptor for it.
                tcpServer(0) {}.stop()
                println("listening ${(server.address as TcpAddress).port}")
                withContext(Dispatchers.IO) { System.`in`.toldToGoOn() }
            } else {
                println(once(server))
            }
            println(server.stop())
        }
    } catch (cause: SocketeerException) {
        println("net fails: ${cause.message?.substringAfterLast(": ")}")
    }
}

private suspend fun Net.once(server: Server): String = try {
    connect(server.address).use {
        it.send("x")
        if (it.recv()?.text() == "x") "served" else "not served"
    }
} catch (_: BrokenException) {
    "not served"
}

private fun tell(event: Event) = when (event) {
    is AcceptPaused -> println("paused ${event.pause.inWholeMilliseconds} ${loopNanos()} ${System.nanoTime()}")
    is Refused -> println("refused ${event.why}")
    is ServerFailed -> println("${event.name} failed")
    is HandlerFailed, is CoroutineFailed -> println("$event")
    is Accepted, is Closed, is Draining, is Drained, is LoopBlocked -> Unit
}

/** How long the loop's thread, which is the one that tells, has had a processor. */
private fun loopNanos(): Long = ManagementFactory.getThreadMXBean().currentThreadCpuTime
