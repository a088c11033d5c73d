@file:DependsOn("io.github.socketeer:socketeer:0.1.0")

import kotlinx.io.bytestring.ByteString
import socketeer.*
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.nio.BufferUnderflowException
import java.nio.ByteBuffer

// dns [[HOST:]PORT]: answers for the names in the table below, over UDP and TCP; port 9053 unless told otherwise.
// Try: dig @127.0.0.1 -p 9053 www.test, or +tcp, or big.test TXT. RFC 1035, RFC 6891 (EDNS), RFC 7766 (TCP).

class Record(val type: Int, val data: ByteArray)

val A = 1
val TXT = 16
val AAAA = 28
val OPT = 41
val ANY = 255

fun ip(text: String): Record = Ip.parse(text).let { Record(if (it.isV4) A else AAAA, it.bytes.toByteArray()) }

fun txt(text: String): Record = text.encodeToByteArray().let { Record(TXT, byteArrayOf(it.size.toByte()) + it) }

val table =
    mapOf(
        "www.test" to listOf(ip("192.0.2.80"), ip("2001:db8::80"), txt("a tiny server")),
        "mail.test" to listOf(ip("192.0.2.25"), ip("192.0.2.26")),
        "big.test" to List(30) { txt("more than a datagram of 512 bytes has room for: $it") },
    )

class Question(val id: Int, val flags: Int, val bytes: ByteArray, val name: String, val type: Int, val room: Int)

/** The one question of a query; null if it isn't one. */
fun question(query: ByteBuffer): Question? {
    val id = query.short.toInt()
    val flags = query.short.toInt()
    val counts = List(4) { query.short.toInt() and 0xffff }
    // Never answer an answer: two servers would go on for ever. And only a plain query with one question is one.
    if (flags and 0xf800 != 0 || counts[0] != 1) return null
    val start = query.position()
    val labels = generateSequence { label(query) }.toList()
    val type = query.short.toInt() and 0xffff
    query.short
    val bytes = ByteArray(query.position() - start).also { query.duplicate().position(start).get(it) }
    val edns = counts[3] == 1 && query.remaining() >= 11 && query.get() == 0.toByte() && query.short.toInt() == OPT
    val room = if (edns) maxOf(512, query.short.toInt() and 0xffff) else 512
    return Question(id, flags, bytes, labels.joinToString(".").lowercase(), type, room)
}

fun label(query: ByteBuffer): String? {
    val size = query.get().toInt()
    require(size in 0..63) { "a pointer in a question" }
    return if (size == 0) null else ByteArray(size).also { query.get(it) }.decodeToString()
}

/** The reply to a query, at most as long as it has room for; null for what deserves none. */
fun reply(query: ByteString, stream: Boolean): ByteArray? {
    if (query.size < 12) return null
    val asked =
        try {
            question(ByteBuffer.wrap(query.toByteArray())) ?: return null
        } catch (_: BufferUnderflowException) {
            return malformed(query)
        } catch (_: IllegalArgumentException) {
            return malformed(query)
        }
    val known = table[asked.name]
    val records = known.orEmpty().filter { asked.type == ANY || asked.type == it.type }
    val code = if (known == null) 3 else 0
    val whole = message(asked, code, records)
    return if (stream || whole.size <= asked.room) whole else message(asked, code, emptyList(), truncated = true)
}

fun malformed(query: ByteString): ByteArray = byteArrayOf(query[0], query[1], 0x80.toByte(), 1) + ByteArray(8)

fun message(asked: Question, code: Int, records: List<Record>, truncated: Boolean = false): ByteArray {
    val bytes = ByteArrayOutputStream()
    DataOutputStream(bytes).run {
        writeShort(asked.id)
        // A response, with authority; "recursion desired" goes back as it came.
        writeShort(0x8400 or (asked.flags and 0x0100) or (if (truncated) 0x0200 else 0) or code)
        for (count in listOf(1, records.size, 0, 0)) writeShort(count)
        write(asked.bytes)
        for (record in records) {
            // The name: a pointer to where the question has it.
            writeShort(0xc00c)
            writeShort(record.type)
            writeShort(1)
            writeInt(60)
            writeShort(record.data.size)
            write(record.data)
        }
    }
    return bytes.toByteArray()
}

net {
    val server = tcpServer(tcp(args.getOrElse(0) { "9053" })) {
        while (true) {
            val size = recvExactly(2) ?: break
            val query = recvExactly((size[0].toInt() and 0xff shl 8) or (size[1].toInt() and 0xff)) ?: break
            val reply = reply(query, stream = true) ?: break
            send(byteArrayOf((reply.size shr 8).toByte(), reply.size.toByte()) + reply)
        }
    }
    val address = server.address as TcpAddress
    udpServer(udp(address.host, address.port)) { (query, from) ->
        reply(query, stream = false)?.let { sendto(it, from) }
    }
    println("listening on $address")
}
