package socketeer.bench.peers

import socketeer.DatagramSocket
import socketeer.UdpAddress
import socketeer.bench.Peer
import socketeer.net
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread

/** Our datagram socket as a user writes it. */
public abstract class Datagrams(private val echo: suspend DatagramSocket.() -> Unit) : Peer {
    override fun start(): Int {
        val port = CompletableFuture<Int>()
        thread(name = "socketeer") {
            net { port.complete((udpSocket(0, block = echo).address as UdpAddress).port) }
        }
        return port.get()
    }
}

public class Recvfrom : Datagrams({
    while (true) {
        val (data, from) = recvfrom()
        sendto(data, from)
    }
})

public class RecvfromInto : Datagrams({
    val buffer = ByteBuffer.allocateDirect(64 * 1024)
    while (true) {
        val from = recvfromInto(buffer.clear())
        sendto(buffer.flip(), from)
    }
})
