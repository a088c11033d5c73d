@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*
import socketeer.watch.*

// watched [[HOST:]PORT]: echo, and what happens goes to the JDK's flight recorder; port 9014 unless told otherwise.
net(events = flightRecorder()) {
    val server = tcpServer(tcp(args.getOrElse(0) { "9014" }), name = "watched") {
        while (true) send(recv() ?: break)
    }
    println("listening on ${server.address}")
}
