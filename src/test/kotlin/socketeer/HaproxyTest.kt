package socketeer

import io.kotest.core.spec.style.FunSpec
import io.kotest.engine.spec.tempdir
import io.kotest.matchers.collections.shouldContainExactlyInAnyOrder
import io.kotest.matchers.ints.shouldBeGreaterThan
import io.kotest.matchers.shouldBe
import io.kotest.matchers.string.shouldContain
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import java.io.File
import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.ConcurrentHashMap
import kotlin.time.Duration.Companion.seconds

/** Three servers behind a real HAProxy that checks their health, one of which leaves while load runs. */
class HaproxyTest : FunSpec({
    val folder = tempdir()
    val name = "behind HAProxy: one of three servers leaves under load, and no request is lost"
    val there = System.getenv("PATH").split(':').plus("/usr/sbin").any { File(it, "haproxy").canExecute() }
    if (!there) {
        xtest("$name (needs haproxy: apt-get install haproxy)") {}
    } else {
        test(name) {
            net {
                val servers = listOf("a", "b", "c").map { Backend(it).apply { start(this@net) } }
                Haproxy(folder, servers).use { proxy -> leaveUnderLoad(servers, proxy) }
                servers.forEach { it.stop() }
            }
        }
    }
})

private suspend fun Net.leaveUnderLoad(servers: List<Backend>, proxy: Haproxy) {
    val load = Load(this, proxy.address)
    for (server in servers) {
        server.answered(50)
        server.checked.await()
    }
    val leaving = servers[1]
    // What a deployment does: say that we leave, be seen leaving, answer what is under way, and only then stop.
    leaving.leaves = true
    repeat(2) { leaving.told.receive() }
    val seen = statusOf(leaving, proxy)
    leaving.idle()
    val receipt = leaving.server.stop(30.seconds)
    val then = leaving.answers
    for (server in servers - leaving) server.answered(server.answers + 50)
    load.stop()

    println(
        "requests sent ${load.sent}, answered ${load.answered}; " + servers.joinToString {
            "${it.name} ${it.answers}"
        },
    )
    println("${leaving.name} was seen as \"$seen\" and stopped with $receipt")
    seen shouldContain "DRAIN"
    load.answered shouldBe load.sent
    servers.sumOf { it.answers } shouldBe load.sent
    leaving.answers shouldBe then
    receipt.cancelled + receipt.aborted shouldBe 0
    servers.flatMap { it.faults } shouldBe emptyList()
    load.answeredBy.keys shouldContainExactlyInAnyOrder servers.map { it.name }
    for (server in servers) load.answeredBy[server.name]!! shouldBeGreaterThan 0
}

/** One server behind the proxy, with the agent that the proxy asks how it is. */
private class Backend(val name: String) {
    lateinit var server: Server
    lateinit var agent: Server

    /** Set: we want to leave. */
    @Volatile var leaves = false

    /** Each time the proxy has been told so; by the second time it has minded the first. */
    val told = Channel<Unit>(Channel.UNLIMITED)

    /** A health check has come, as a connection of the proxy's own. */
    val checked = CompletableDeferred<Unit>()
    val faults = ConcurrentHashMap.newKeySet<Throwable>()

    @Volatile var answers = 0
        private set
    private var awaited: Pair<Int, CompletableDeferred<Unit>>? = null
    private val busy = ConcurrentHashMap.newKeySet<Job>()

    suspend fun start(net: Net) {
        val behind = proxied(from = listOf(Cidr.parse("127.0.0.1"))) { answer() }
        server = net.tcpServer(0) {
            val job = coroutineContext.job.also { busy += it }
            try {
                behind()
            } catch (cause: SocketeerException) {
                faults += cause
                throw cause
            } finally {
                busy -= job
            }
        }
        agent = net.tcpServer(0) {
            send(if (leaves) "drain\n" else "up\n")
            if (leaves) told.send(Unit)
        }
    }

    private suspend fun Connection.answer() {
        if (proxyHeader!!.isLocal) {
            checked.complete(Unit)
            return
        }
        // The last answer says goodbye, so that the client comes back on another connection.
        for (line in framed(lines())) {
            val last = leaves
            answers++
            send("$name $remote $line ${if (last) "bye" else "more"}\n")
            awaited?.let { (n, reached) -> if (answers >= n) reached.complete(Unit) }
            if (last) break
        }
    }

    /** Returns when [n] requests have been answered. */
    suspend fun answered(n: Int) {
        val reached = CompletableDeferred<Unit>()
        awaited = n to reached
        if (answers >= n) reached.complete(Unit)
        reached.await()
    }

    /** Returns when nobody is being answered. */
    suspend fun idle() {
        while (busy.isNotEmpty()) busy.toList().joinAll()
    }

    suspend fun stop() {
        server.stop()
        agent.stop()
    }
}

/** Eight clients that never stop asking, five times on a connection at most. */
private class Load(private val net: Net, private val proxy: TcpAddress) {
    @Volatile private var going = true
    var sent = 0
        private set
    var answered = 0
        private set
    val answeredBy = HashMap<String, Int>()
    private val clients = List(8) { i -> net.launch { while (going) net.connect(proxy).use { ask(it, "request-$i") } } }

    private suspend fun ask(connection: Connection, line: String) {
        val answers = connection.framed(lines())
        for (n in 1..5) {
            sent++
            connection.send("$line\n")
            val (name, client, echo, then) = answers.recv()?.split(' ') ?: return
            // The server saw whose connection it is, and not the proxy's.
            client shouldBe "${connection.local}"
            echo shouldBe line
            answered++
            answeredBy.merge(name, 1, Int::plus)
            if (then == "bye") return
        }
    }

    suspend fun stop() {
        going = false
        clients.joinAll()
    }
}

/** A real one, in a process of its own. */
private class Haproxy(folder: File, members: List<Backend>) : AutoCloseable {
    val address = tcp(ServerSocket(0, 0, InetAddress.getByName(LOOPBACK)).use { it.localPort })
    val admin = unix(File(folder, "admin").path)
    private val process: ProcessHandle

    init {
        val configuration = File(folder, "haproxy.cfg")
        val pid = File(folder, "pid")
        configuration.writeText(
            """
            global
                stats socket unix@${admin.path} mode 600 level admin
            defaults
                mode tcp
                timeout connect 10s
                timeout check 10s
                timeout client 60s
                timeout server 60s
                retries 3
                option redispatch
            listen front
                bind $address
                balance roundrobin
                default-server send-proxy-v2 proxy-v2-options crc32c check inter 100ms agent-check agent-inter 100ms
            """.trimIndent() + members.joinToString("\n    ", "\n    ", "\n") {
                "server ${it.name} ${it.server.address} agent-port ${(it.agent.address as TcpAddress).port}"
            },
        )
        // It returns when it listens, and goes on in the background.
        val starting = ProcessBuilder("haproxy", "-D", "-f", configuration.path, "-p", pid.path)
            .redirectErrorStream(true).apply { environment()["PATH"] += ":/usr/sbin" }.start()
        val said = starting.inputReader().readText()
        check(starting.waitFor() == 0) { said }
        process = ProcessHandle.of(pid.readText().trim().toLong()).orElseThrow()
    }

    override fun close() {
        process.destroyForcibly()
        process.onExit().join()
    }
}

/** What the proxy thinks of [member]: its own word. */
private suspend fun Net.statusOf(member: Backend, proxy: Haproxy): String = connect(proxy.admin).use {
    it.send("show stat\n")
    val table = ArrayList<List<String>>()
    for (line in it.framed(lines())) table += line.removePrefix("# ").split(',')
    val names = table.first()
    val row = table.first { row -> row.getOrNull(names.indexOf("svname")) == member.name }
    row[names.indexOf("status")]
}
