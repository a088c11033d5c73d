@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.io.bytestring.decodeToString
import socketeer.*

// udp-upper [[HOST:]PORT]: sends each datagram's text back in capitals; port 9001 unless told otherwise.
net {
    val server = udpServer(udp(args.getOrElse(0) { "9001" })) { (data, from) ->
        sendto(data.decodeToString().uppercase(), from)
    }
    println("listening on ${server.address}")
}
