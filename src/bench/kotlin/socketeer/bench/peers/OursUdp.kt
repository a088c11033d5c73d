package socketeer.bench.peers

import socketeer.DatagramSocket
import socketeer.UdpAddress
import socketeer.bench.Peer
import socketeer.net
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread

/** Our server of datagrams as a user writes it; [Recvfrom] and [RecvfromInto] differ in the block alone. */
public abstract class OursUdp(private val block: suspend DatagramSocket.() -> Unit) : Peer {
    override fun start(): Int {
        val port = CompletableFuture<Int>()
        thread(name = "socketeer") {
            net {
                udpSocket(0) {
                    port.complete((local as UdpAddress).port)
                    block()
                }
            }
        }
        return port.get()
    }
}
