@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.io.bytestring.decodeToString
import socketeer.*
import kotlin.time.Duration.Companion.seconds

// unix-datagram-echo-client [PATH]: sends each line of standard input in a datagram, prints the answer.
net {
    connect(unixDatagram(args.getOrElse(0) { "/tmp/socketeer-datagrams.sock" })).use { server ->
        stdin().lines().collect { line ->
            server.send(line)
            println(withTimeoutOrNull(2.seconds) { server.recv() }?.decodeToString() ?: "no answer to: $line")
        }
    }
}
