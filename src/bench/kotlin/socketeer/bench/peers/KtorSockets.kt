package socketeer.bench.peers

import io.ktor.network.selector.SelectorManager
import io.ktor.network.sockets.InetSocketAddress
import io.ktor.network.sockets.aSocket
import io.ktor.network.sockets.openReadChannel
import io.ktor.network.sockets.openWriteChannel
import io.ktor.network.sockets.port
import io.ktor.utils.io.copyTo
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import socketeer.bench.Peer
import java.io.IOException

/** ktor's own sockets, set up as its documentation does: they choose their threads themselves. */
public class KtorSockets : Peer {
    override fun start(): Int {
        val sockets = aSocket(SelectorManager(Dispatchers.IO)).tcp()
        val listener = runBlocking { sockets.bind("127.0.0.1", 0) { backlogSize = 1024 } }
        CoroutineScope(Dispatchers.IO).launch {
            while (true) {
                val connection = listener.accept()
                launch {
                    connection.use {
                        try {
                            it.openReadChannel().copyTo(it.openWriteChannel())
                        } catch (_: IOException) {
                            // The connection's end, which is all there is to it.
                        }
                    }
                }
            }
        }
        return (listener.localAddress as InetSocketAddress).port
    }
}
