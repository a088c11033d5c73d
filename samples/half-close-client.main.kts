@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// half-close-client [[HOST:]PORT]: sends standard input, ends that direction, and prints the whole reply.
net {
    connect(tcp(args.getOrElse(0) { "9010" })).use { server ->
        stdin().collect { server.send(it) }
        server.shutdown(Direction.WRITE)
        server.chunks().collect { stdout(it) }
    }
}
