@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// unix-echo [PATH [MODE]]: sends back what comes; /tmp/socketeer-echo.sock and 600 unless told otherwise.
net {
    val path = args.getOrElse(0) { "/tmp/socketeer-echo.sock" }
    val server = unixSocket(path, mode = args.getOrElse(1) { "600" }) {
        while (true) send(recv() ?: break)
    }
    println("listening on ${server.address}")
}
