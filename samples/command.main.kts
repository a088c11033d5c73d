@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import kotlinx.io.bytestring.ByteString
import socketeer.*
import java.security.MessageDigest
import java.util.HexFormat

// command [[HOST:]PORT]: runs the command in a frame, if it is an allowed one, and answers with a frame: the MD5 of its
// output in hex, a line end, the output. Frames are 4 bytes with the length, the highest first, then at most 1 MiB.
// Port 9000 unless told otherwise.
val allowed = mapOf(
    "date" to listOf("date"),
    "uptime" to listOf("uptime"),
    "whoami" to listOf("whoami"),
    "pwd" to listOf("pwd"),
    "ls" to listOf("ls"),
    "uname" to listOf("uname", "-a"),
    "fail" to listOf("ls", "/there/is/no/such/directory"),
)

val MAX_OUTPUT = (1 shl 20) - 64

/** What [line] puts out, standard error included; what isn't allowed and what fails is put out as well. */
fun outputOf(line: String): ByteArray {
    val words =
        allowed[line.trim()] ?: return "not allowed: $line; allowed: ${allowed.keys.joinToString(" ")}\n".toByteArray()
    val process = ProcessBuilder(words).redirectErrorStream(true).start()
    try {
        process.outputStream.close()
        val output = process.inputStream.readNBytes(MAX_OUTPUT)
        val code = process.waitFor()
        return if (code == 0) output else output + "exit code $code\n".toByteArray()
    } finally {
        process.destroyForcibly()
    }
}

fun md5(bytes: ByteArray): String = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes))

net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9000" })) {
        framed(lengthPrefixed(max = 1 shl 20)).forEach { command ->
            val output = runInterruptible(Dispatchers.IO) { outputOf(command.toByteArray().decodeToString()) }
            send(ByteString(*(md5(output) + "\n").toByteArray(), *output))
        }
    }
    println("listening on ${server.address}")
}
