@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// greet-client [[HOST:]PORT] [MESSAGE...]: says the message, prints the reply.
net {
    connect(tcp(args.getOrElse(0) { "9002" })).use { server ->
        server.send(args.drop(1).joinToString(" ").ifEmpty { "hello" })
        while (true) stdout(server.recv() ?: break)
        println()
    }
}
