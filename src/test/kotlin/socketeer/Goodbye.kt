package socketeer

import kotlin.time.Duration.Companion.seconds

/** In a child: a server that says when it is told to stop, and to whom. */
fun main() {
    val events: (Event) -> Unit = { if (it is Draining || it is Drained) println(it) }
    net(limits = Limits(drain = 10.seconds), events = events) {
        val server = tcpServer(0, name = "polite") {
            send("hello, draining: $draining\n")
            awaitDraining()
            send("goodbye, draining: $draining\n")
        }
        println((server.address as TcpAddress).port)
    }
}
