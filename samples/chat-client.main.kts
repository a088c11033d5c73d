@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.launch
import socketeer.*

// echo-client [[HOST:]PORT]: sends standard input, prints what comes back.
net {
    connect(tcp(args.getOrElse(0) { "9000" })).use { server ->
        server.launch {
            stdin().collect { server.send(it) }
            server.shutdown(Direction.WRITE)
        }
        while (true) stdout(server.recv() ?: break)
    }
}
