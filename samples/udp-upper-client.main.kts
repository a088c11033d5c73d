@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.decodeToString
import socketeer.*
import kotlin.time.Duration.Companion.seconds

// udp-upper-client [[HOST:]PORT]: sends each line of standard input in a datagram, prints the answer, or that none
// came.
net {
    connect(udp(args.getOrElse(0) { "9001" })).use { server ->
        stdin().lines().collect { line ->
            server.send(line)
            println(withTimeoutOrNull(2.seconds) { server.recv() }?.decodeToString() ?: "no answer to: $line")
        }
    }
}
