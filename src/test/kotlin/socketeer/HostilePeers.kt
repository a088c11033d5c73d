package socketeer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.withContext
import kotlinx.io.bytestring.ByteString
import socketeer.testing.directMemory
import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel

/** As many connections as the argument says, first silent, then with announcements of what they never send. */
fun main(args: Array<String>) {
    val count = args.single().toInt()
    val handled = Channel<Unit>(Channel.UNLIMITED)
    net(limits = Limits(connections = count, backlog = 1_024), signals = false) {
        var n = 0
        val server = tcpServer(0) {
            val hostile = hostile[n++ % hostile.size]
            handled.send(Unit)
            peek(hostile.bytes.size)
            handled.send(Unit)
            try {
                framed(hostile.codec).recv()
            } catch (_: FrameException) {
                recv() // refused; it stays until it goes by itself
            }
        }
        val port = (server.address as TcpAddress).port
        val peers = ArrayList<SocketChannel>(count)
        repeat(count) {
            peers += withContext(Dispatchers.IO) { SocketChannel.open(InetSocketAddress("127.0.0.1", port)) }
            handled.receive()
        }
        val before = used()
        for ((i, peer) in peers.withIndex()) {
            peer.write(ByteBuffer.wrap(hostile[i % hostile.size].bytes.toByteArray()))
        }
        repeat(count) { handled.receive() }
        val grown = used() - before
        peers.forEach { it.close() }
        server.stop()
        println(if (grown < count * ALLOWED) "memory stayed where it was" else "${grown / count} bytes a connection")
    }
}

private class Hostile(val codec: Codec<*>, val bytes: ByteString)

/** What is refused at once, and what may come, a gigabyte or two, of which the first byte does. */
private val hostile = listOf(
    Hostile(lengthPrefixed(), number(Int.MAX_VALUE)),
    Hostile(lengthPrefixed(), number(-1)),
    Hostile(lengthPrefixed(max = Int.MAX_VALUE - 100), number(Int.MAX_VALUE - 100)),
    Hostile(respCommands(), ascii("*1\r\n$536870912\r\nx")),
    Hostile(respCommands(), ascii("*2147483647\r\n$1\r\nx")),
    Hostile(respCommands(), ascii("*1\r\n$9223372036854775808\r\n")),
    Hostile(netstring(Int.MAX_VALUE - 100), ascii("2147483547:x")),
)

private fun number(length: Int) = Output().also { it.writeNumber(length.toLong(), Int.SIZE_BYTES) }.toByteString()

// A frame's state, its decoder, the few bytes that came: far from what was announced.
private const val ALLOWED = 4_000L

private fun used(): Long {
    repeat(3) { System.gc() }
    val runtime = Runtime.getRuntime()
    return runtime.totalMemory() - runtime.freeMemory() + directMemory()
}
