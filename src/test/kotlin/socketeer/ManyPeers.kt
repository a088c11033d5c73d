package socketeer

import java.net.InetSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.SocketChannel

/**
 * A process of plain clients, `PORT COUNT`: all connect, then each has its byte echoed, once at first and once told so.
 */
fun main(args: Array<String>) {
    val (port, count) = args.map { it.toInt() }
    val peers = List(count) { SocketChannel.open(InetSocketAddress("127.0.0.1", port)) }
    val one = ByteBuffer.allocateDirect(1)
    do {
        for (peer in peers) peer.write(one.clear())
        val echoed = peers.count { it.read(one.clear()) == 1 }
        println("$echoed echoed")
    } while (System.`in`.toldToGoOn())
}
