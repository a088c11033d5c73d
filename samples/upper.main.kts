@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.io.bytestring.ByteString
import socketeer.*

// upper [[HOST:]PORT]: sends back what comes in upper case; port 9001 unless told otherwise.
net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9001" })) {
        while (true) send(upper(recv() ?: break))
    }
    println("listening on ${server.address}")
}

// Only a to z: in a stream of bytes a longer character may be cut anywhere.
fun upper(bytes: ByteString) = ByteArray(bytes.size) { i ->
    val byte = bytes[i]
    if (byte in 'a'.code..'z'.code) (byte - ('a' - 'A')).toByte() else byte
}
