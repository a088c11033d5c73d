@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*

// visitors [[HOST:]PORT]: reports who comes, says what, and goes; port 9003 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9003" })) {
        println("$remote came")
        try {
            for (line in framed(lines(bytes(), lastMayBeOpen = true))) println("$remote said ${line.text()}")
        } finally {
            println("$remote went")
        }
    }
    println("listening on ${server.address}")
}
