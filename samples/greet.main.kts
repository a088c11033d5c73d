@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// greet [[HOST:]PORT]: takes one message, gives one reply, closes; port 9002 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9002" })) {
        val message = recv()?.text()?.trim()
        if (message != null) send("You said: $message. Good to meet you, and good bye")
    }
    println("listening on ${server.address}")
}
