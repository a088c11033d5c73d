@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import socketeer.*
import java.security.MessageDigest
import java.util.HexFormat

// command-client [[HOST:]PORT]: sends each line of standard input as a command; prints its output if its MD5 is right.
net {
    connect(tcp(args.getOrElse(0) { "9000" })).use { server ->
        val commands = server.framed(lengthPrefixed(max = 1 shl 20))
        stdin().framed(lines(bytes(), lastMayBeOpen = true)).collect { command ->
            commands.send(command)
            val reply = commands.recv() ?: error("the server has closed")
            val sum = reply.substring(0, 32).toByteArray().decodeToString()
            val output = reply.substring(33).toByteArray()
            check(sum == HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(output))) {
                "the MD5 is not $sum"
            }
            stdout(reply.substring(33))
        }
    }
}
