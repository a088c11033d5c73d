package socketeer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.withContext
import kotlinx.io.bytestring.ByteString
import socketeer.testing.directMemory
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel

/**
 * A server with as many connections as the argument says, first silent, then announcing what they never send.
 * Its clients are a process of their own, which has the server's port as a second argument.
 */
fun main(args: Array<String>) {
    val count = args[0].toInt()
    if (args.size == 1) serve(count) else announce(count, args[1].toInt())
}

private fun announce(count: Int, port: Int) {
    val peers = List(count) { SocketChannel.open(InetSocketAddress("127.0.0.1", port)) }
    System.`in`.toldToGoOn()
    for (peer in peers) {
        peer.write(ByteBuffer.wrap(hostile((peer.localAddress as InetSocketAddress).port).bytes.toByteArray()))
    }
    System.`in`.toldToGoOn()
    peers.forEach { it.close() }
}

private fun serve(count: Int) {
    val reached = Channel<Unit>(Channel.UNLIMITED)
    net(limits = Limits(connections = count), signals = false) {
        val server = tcpServer(0) {
            val hostile = hostile((remote as TcpAddress).port)
            reached.send(Unit)
            peek(hostile.bytes.size)
            reached.send(Unit)
            try {
                framed(hostile.codec).recv()
            } catch (_: FrameException) {
                recv() // refused; it stays until it goes by itself
            }
        }
        val port = "${(server.address as TcpAddress).port}"
        ChildJvm("socketeer.HostilePeersKt", "$count", port, descriptors = count + 500).use { peers ->
            repeat(count) { reached.receive() }
            val before = used()
            peers.next()
            repeat(count) { reached.receive() }
            val grown = used() - before
            peers.next()
            withContext(Dispatchers.IO) { peers.rest() }
            println(if (grown < count * ALLOWED) "memory stayed where it was" else "${grown / count} bytes each")
        }
        server.stop()
    }
}

private class Hostile(val codec: Codec<*>, val bytes: ByteString)

private fun hostile(port: Int) = HOSTILE[port % HOSTILE.size]

/** What is refused at once, and what may come, half a gigabyte or two, of which the first byte does. */
private val HOSTILE = listOf(
    Hostile(lengthPrefixed(), number(Int.MAX_VALUE)),
    Hostile(lengthPrefixed(), number(-1)),
    Hostile(lengthPrefixed(max = Int.MAX_VALUE - 100), number(Int.MAX_VALUE - 100)),
    Hostile(respCommands(), ascii("*1\r\n$536870912\r\nx")),
    Hostile(respCommands(), ascii("*2147483647\r\n$1\r\nx")),
    Hostile(respCommands(), ascii("*1\r\n$9223372036854775808\r\n")),
    Hostile(netstring(Int.MAX_VALUE - 100), ascii("2147483547:x")),
)

private fun number(length: Int) = Output().also { it.writeNumber(length.toLong(), Int.SIZE_BYTES) }.toByteString()

// A frame's state, its decoder and the few bytes that came: far from what was announced.
private const val ALLOWED = 4_000L

private fun used(): Long {
    repeat(3) { System.gc() }
    val runtime = Runtime.getRuntime()
    return runtime.totalMemory() - runtime.freeMemory() + directMemory()
}
