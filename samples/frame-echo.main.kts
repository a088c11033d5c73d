@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// frame-echo [[HOST:]PORT]: sends each frame back: 4 bytes with the length, the highest first, then at most 1 MiB; an
// empty frame is answered by an empty frame; port 9000 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9000" })) {
        framed(lengthPrefixed(max = 1 shl 20)).forEach { send(it) }
    }
    println("listening on ${server.address}")
}
