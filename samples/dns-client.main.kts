@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.coroutines.withTimeout
import socketeer.*
import java.nio.ByteBuffer
import kotlin.time.Duration.Companion.seconds

// dns-client [[HOST:]PORT [NAME]]: asks for the addresses of a name, www.test unless told otherwise.

fun ByteBuffer.skipName() {
    while (true) {
        val size = get().toInt() and 0xff
        if (size == 0) return
        if (size >= 0xc0) {
            get()
            return
        }
        position(position() + size)
    }
}

net {
    val name = args.getOrElse(1) { "www.test" }
    connect(udp(args.getOrElse(0) { "9053" })).use { server ->
        for (type in listOf(1, 28)) {
            val query = ByteBuffer.allocate(512).putShort(type.toShort()).putShort(0x0100).putShort(1).put(ByteArray(6))
            for (label in name.split('.')) query.put(label.length.toByte()).put(label.encodeToByteArray())
            server.send(query.put(0).putShort(type.toShort()).putShort(1).flip())
            val reply = ByteBuffer.wrap(withTimeout(5.seconds) { server.recv() }.toByteArray())
            val answers = reply.getShort(6)
            reply.position(12).skipName()
            reply.position(reply.position() + 4)
            repeat(answers.toInt()) {
                reply.skipName()
                reply.position(reply.position() + 8)
                val data = ByteArray(reply.short.toInt()).also { reply.get(it) }
                println("$name ${Ip(kotlinx.io.bytestring.ByteString(*data))}")
            }
            if (answers.toInt() == 0) println("$name: nothing (code ${reply.get(3).toInt() and 0xf}, type $type)")
        }
    }
}
