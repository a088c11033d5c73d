@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.launch
import socketeer.*

// visitors-client [[HOST:]PORT]: says what standard input says, until its end.
net {
    connect(tcp(args.getOrElse(0) { "9003" })).use { server ->
        server.launch {
            stdin().collect { server.send(it) }
            server.shutdown(Direction.WRITE)
        }
        while (true) stdout(server.recv() ?: break)
    }
}
