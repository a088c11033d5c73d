@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter

// udp-time [[HOST:]PORT]: answers each datagram, even an empty one, with the time (RFC 867); port 9013 unless told
// otherwise.
net {
    val server = udpServer(udp(args.getOrElse(0) { "9013" })) { (_, from) ->
        sendto(ZonedDateTime.now().format(DateTimeFormatter.RFC_1123_DATE_TIME) + "\r\n", from)
    }
    println("listening on ${server.address}")
}
