@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.io.bytestring.decodeToString
import socketeer.*

// visitors [[HOST:]PORT]: reports who comes, says what, and goes; port 9003 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9003" })) {
        println("$remote came")
        try {
            while (true) {
                val said = recv()?.decodeToString() ?: break
                for (line in said.trimEnd().lines()) println("$remote said $line")
            }
        } finally {
            println("$remote went")
        }
    }
    println("listening on ${server.address}")
}
