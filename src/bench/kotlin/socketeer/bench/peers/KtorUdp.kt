package socketeer.bench.peers

import io.ktor.network.selector.SelectorManager
import io.ktor.network.sockets.Datagram
import io.ktor.network.sockets.InetSocketAddress
import io.ktor.network.sockets.aSocket
import io.ktor.network.sockets.port
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import socketeer.bench.Peer

/** ktor's own datagrams, set up as its documentation does. */
public class KtorUdp : Peer {
    override fun start(): Int {
        val sockets = aSocket(SelectorManager(Dispatchers.IO)).udp()
        val socket = runBlocking { sockets.bind(InetSocketAddress("127.0.0.1", 0)) }
        CoroutineScope(Dispatchers.IO).launch {
            while (true) {
                val datagram = socket.receive()
                socket.send(Datagram(datagram.packet, datagram.address))
            }
        }
        return (socket.localAddress as InetSocketAddress).port
    }
}
