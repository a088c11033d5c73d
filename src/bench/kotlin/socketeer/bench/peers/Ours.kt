package socketeer.bench.peers

import socketeer.Event
import socketeer.Handler
import socketeer.TcpAddress
import socketeer.bench.Peer
import socketeer.net
import socketeer.printEvent
import java.util.concurrent.CompletableFuture
import kotlin.concurrent.thread

/** Our server as a user writes it: one loop, the default limits; [Recv] and [RecvInto] differ in the handler alone. */
public abstract class Ours(private val events: (Event) -> Unit = printEvent, private val handler: Handler) : Peer {
    override fun start(): Int {
        val port = CompletableFuture<Int>()
        thread(name = "socketeer") {
            net(events = events) { port.complete((tcpServer(0, handler = handler).address as TcpAddress).port) }
        }
        return port.get()
    }
}
