package socketeer

import io.kotest.assertions.throwables.shouldThrow
import io.kotest.core.spec.style.FunSpec
import io.kotest.matchers.shouldBe
import java.io.File
import java.net.DatagramPacket
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.DatagramSocket as JdkDatagramSocket

/** What [Network.inherited] gives, under a real activator. */
class InheritedTest : FunSpec({
    val activator = "/usr/bin/systemd-socket-activate"
    val missing = if (File(activator).exists()) "" else " (skipped: apt-get install systemd)"
    val java = "${System.getProperty("java.home")}/bin/java -cp ${System.getProperty("java.class.path")}"

    // Sockets come as descriptor 3; the JDK takes only descriptor 0.
    fun activated(host: String, vararg options: String, block: (Int) -> Unit) {
        val port = ServerSocket(0).use { it.localPort }
        val command =
            listOf(
                activator,
                *options,
                "-l",
                "$host:$port",
                "sh",
                "-c",
                "exec $java socketeer.InheritedTestKt 0<&3",
            )
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        try {
            process.inputReader().readLine()
            block(port)
        } finally {
            process.destroy()
        }
    }

    test("a listener$missing").config(enabled = missing.isEmpty()) {
        activated("127.0.0.1") { port ->
            Socket("127.0.0.1", port).use {
                it.outputStream.write("hello".toByteArray())
                it.shutdownOutput()
                it.inputStream.readAllBytes().decodeToString() shouldBe "hello"
            }
        }
    }

    test("a datagram socket$missing").config(enabled = missing.isEmpty()) {
        // IPv4 would fail on newer JDKs: see inherited.
        activated("[::1]", "-d") { port ->
            JdkDatagramSocket().use { socket ->
                socket.soTimeout = 20_000
                val packet = DatagramPacket("hello".toByteArray(), 5, InetSocketAddress("::1", port))
                socket.send(packet)
                socket.receive(packet)
                String(packet.data, 0, packet.length) shouldBe "hello"
            }
        }
    }

    test("standard input that is no socket is null, and another network has none") {
        net { inherited() shouldBe null }
        net(MemoryNetwork(), signals = false) { shouldThrow<UnsupportedException> { inherited() } }
    }
})

/** Echoes on whatever it was started with. */
fun main() {
    net {
        when (val socket = inherited()) {
            is Listener -> serve(socket) { while (true) send(recv() ?: break) }
            is DatagramSocket -> serve(socket) { (data, from) -> sendto(data, from) }
            else -> error("inherited $socket")
        }
    }
}
