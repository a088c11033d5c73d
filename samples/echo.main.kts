@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// echo [[HOST:]PORT]: sends back what comes; port 9000 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9000" })) {
        while (true) send(recv() ?: break)
    }
    println("listening on ${server.address}")
}
