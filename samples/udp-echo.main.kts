@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// udp-echo [[HOST:]PORT]: sends each datagram back; port 9001 unless told otherwise.
net {
    val server = udpServer(udp(args.getOrElse(0) { "9001" })) { (data, from) -> sendto(data, from) }
    println("listening on ${server.address}")
}
