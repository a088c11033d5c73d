package socketeer

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.currentCoroutineContext
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import socketeer.testing.Ability.EXHAUSTION
import socketeer.testing.networkLaws
import socketeer.testing.networks
import java.io.File
import java.io.FileInputStream
import java.io.IOException
import kotlin.coroutines.ContinuationInterceptor

/** What holds when a process has no descriptors left, in one that has few: fast to exhaust, and nobody else suffers. */
fun main() {
    loadAllClasses()
    val tcp = networks("TCP without descriptors", run = ::onLoop, exhaust = { exhausted(it) }) {
        NioNetwork(currentCoroutineContext()[ContinuationInterceptor] as SelectLoop)
    }
    for (law in networkLaws(tcp)) if (EXHAUSTION in law.needs) law.check()
    aServerPausesAndGoesOn()
    println("all held")
}

private fun aServerPausesAndGoesOn() {
    val paused = Channel<AcceptPaused>(Channel.UNLIMITED)
    net(events = { if (it is AcceptPaused) paused.trySend(it) else printEvent(it) }, signals = false) {
        val server = tcpServer(0) { while (true) send(recv() ?: break) }
        connect(server.address).use { client ->
            client.send("1")
            client.recv()
            connect(server.address).use { waiting ->
                // The server may have taken it already; then the next one waits.
                waiting.send("2")
                waiting.recv()
            }
            val taken = ArrayList<FileInputStream>()
            try {
                val last = connectWhenOneIsLeft(server, taken)
                paused.receive()
                client.send("3")
                check(client.recv()?.size == 1) { "who was there before is served" }
                taken.removeLast().close()
                taken.removeLast().close()
                last.send("4")
                check(last.recv()?.size == 1) { "who waited is served" }
                last.close()
            } finally {
                taken.forEach { it.close() }
            }
        }
        server.stop()
    }
}

/** Takes all descriptors but the one that the client's own end needs. */
private suspend fun Net.connectWhenOneIsLeft(server: Server, taken: MutableList<FileInputStream>): Connection {
    takeAll(taken)
    taken.removeLast().close()
    return connect(server.address)
}

private suspend fun exhausted(block: suspend () -> Unit) {
    val taken = ArrayList<FileInputStream>()
    takeAll(taken)
    try {
        block()
    } finally {
        taken.forEach { it.close() }
    }
}

private fun takeAll(taken: MutableList<FileInputStream>) {
    try {
        while (true) taken += FileInputStream("/dev/null")
    } catch (_: IOException) {
        return
    }
}

/** From a directory of classes each class is a file to open, which then can't be had; a jar is open already. */
internal fun loadAllClasses() {
    for (of in listOf(Network::class.java, ChildJvm::class.java)) {
        val root = File(of.protectionDomain.codeSource.location.toURI())
        root.walk().filter { it.extension == "class" && "script" !in it.path }.forEach {
            runCatching { Class.forName(it.relativeTo(root).path.removeSuffix(".class").replace('/', '.')) }
        }
    }
}
