@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.launch
import socketeer.*

// forward LISTEN TARGET, each [HOST:]PORT: carries every connection on to the target, each half-close too.
require(args.size == 2) { "usage: forward [HOST:]PORT [HOST:]PORT" }
val (from, to) = args.map { tcp(it) }

net {
    val server = tcpServer(from) {
        connect(to).use { target ->
            val back = launch { target.carryTo(this@tcpServer) }
            carryTo(target)
            back.join()
        }
    }
    println("listening on ${server.address}")
}

suspend fun Connection.carryTo(other: Connection) {
    while (true) other.send(recv() ?: break)
    other.shutdown(Direction.WRITE)
}
