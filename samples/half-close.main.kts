@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.flow.toList
import socketeer.*

// half-close [[HOST:]PORT]: reads a request to its end, then answers; port 9010 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9010" })) {
        val request = chunks().toList()
        send("${request.sumOf { it.size }} bytes\n")
        for (chunk in request) send(chunk)
    }
    println("listening on ${server.address}")
}
