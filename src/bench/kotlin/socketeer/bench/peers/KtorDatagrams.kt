package socketeer.bench.peers

import io.ktor.network.selector.SelectorManager
import io.ktor.network.sockets.InetSocketAddress
import io.ktor.network.sockets.aSocket
import io.ktor.network.sockets.port
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import socketeer.bench.Peer

/** ktor's own datagrams, set up as its documentation does. */
public class KtorDatagrams : Peer {
    override fun start(): Int {
        val sockets = aSocket(SelectorManager(Dispatchers.IO)).udp()
        val socket = runBlocking { sockets.bind("127.0.0.1", 0) }
        CoroutineScope(Dispatchers.IO).launch {
            for (datagram in socket.incoming) socket.send(datagram)
        }
        return (socket.localAddress as InetSocketAddress).port
    }
}
