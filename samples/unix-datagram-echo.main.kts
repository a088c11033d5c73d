@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// unix-datagram-echo [PATH [MODE]]: sends each datagram back; /tmp/socketeer-datagrams.sock and 600 unless told
// otherwise.
net {
    val path = args.getOrElse(0) { "/tmp/socketeer-datagrams.sock" }
    val server = unixDatagramServer(path, mode = args.getOrElse(1) { "600" }) { (data, from) -> sendto(data, from) }
    println("listening on ${server.address}")
}
