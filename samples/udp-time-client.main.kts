@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.withTimeout
import kotlinx.io.bytestring.decodeToString
import socketeer.*
import kotlin.time.Duration.Companion.seconds

// udp-time-client [[HOST:]PORT]: asks for the time with an empty datagram.
net {
    connect(udp(args.getOrElse(0) { "9013" })).use { server ->
        server.send("")
        print(withTimeout(5.seconds) { server.recv() }.decodeToString())
    }
}
