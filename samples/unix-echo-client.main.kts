@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.launch
import socketeer.*

// unix-echo-client [PATH]: sends standard input, prints what comes back.
net {
    connect(unix(args.getOrElse(0) { "/tmp/socketeer-echo.sock" })).use { server ->
        server.launch {
            stdin().collect { server.send(it) }
            server.shutdown(Direction.WRITE)
        }
        while (true) stdout(server.recv() ?: break)
    }
}
