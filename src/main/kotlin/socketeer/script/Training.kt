package socketeer.script

import socketeer.Direction
import socketeer.net
import socketeer.use

/**
 * What the launcher runs once for each JDK, so that the JVM can archive the classes of a server and a client: no script
 * then waits for them to be read and checked again.
 */
internal fun main() {
    net {
        val server = tcpServer(0) { while (true) send(recv() ?: break) }
        connect(server.address).use {
            it.send("hello")
            it.recv()
            it.shutdown(Direction.WRITE)
            it.recv()
        }
        println("listening on ${server.address}")
        server.stop()
    }
}
