@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.io.bytestring.ByteString
import socketeer.*

// netstring [[HOST:]PORT]: answers each netstring, 5:hello, with its bytes in reverse, 5:olleh, of at most 64 KiB; port
// 9000 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9000" })) {
        framed(netstring(max = 64 * 1024)).forEach { send(ByteString(*it.toByteArray().reversedArray())) }
    }
    println("listening on ${server.address}")
}
