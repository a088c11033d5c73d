@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.launch
import socketeer.*

// chat-client [[HOST:]PORT]: says what is typed and prints what is heard, watching both at once; ends with the room.
net {
    connect(tcp(args.getOrElse(0) { "9004" })).use { server ->
        server.launch {
            stdin().collect { server.send(it) }
            server.shutdown(Direction.WRITE)
        }
        while (true) stdout(server.recv() ?: break)
    }
}
