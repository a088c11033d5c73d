package socketeer.bench.codec

import io.netty.buffer.ByteBuf
import io.netty.buffer.ByteBufUtil
import io.netty.handler.codec.redis.ArrayRedisMessage
import io.netty.handler.codec.redis.FullBulkStringRedisMessage
import kotlinx.io.bytestring.ByteString
import kotlinx.io.readByteString
import java.io.ByteArrayOutputStream
import java.util.function.Consumer

/** Takes one chunk apart, or puts one together: each call hands on all its messages, or all its bytes in order. */
fun interface Work {
    /** What [taker] gets is valid during its call. */
    fun run(taker: Consumer<Any>)
}

/** Somebody who can decode and encode; what is prepared once is prepared here. */
interface Contender {
    fun decoding(traffic: Traffic): Work

    fun encoding(traffic: Traffic): Work
}

private val contenders =
    mapOf(
        "socketeer" to Socketeer,
        "netty" to Netty(kept = false),
        "nettyKept" to Netty(kept = true),
        "okio" to Okio,
        "kotlinx-io" to KotlinxIo,
    )

private fun contender(who: String) = requireNotNull(contenders[who]) { "one of ${contenders.keys}, was $who" }

/** [who]'s work of decoding [framing], which gives what went in: checked before it is timed. */
fun decoding(framing: Framing, who: String, size: Int): Work {
    val traffic = Traffic(framing, size)
    val work = contender(who).decoding(traffic)
    val expected = traffic.messages.map { plain(it, framing) }
    repeat(2) {
        val decoded = ArrayList<Any>()
        work.run { decoded += plain(it, framing) }
        check(decoded == expected) { "$who decodes $framing to something else" }
    }
    return work
}

/** [who]'s work of encoding [framing], which gives just those bytes: checked before it is timed. */
fun encoding(framing: Framing, who: String, size: Int): Work {
    val traffic = Traffic(framing, size)
    val work = contender(who).encoding(traffic)
    repeat(2) {
        val encoded = ByteArrayOutputStream()
        work.run { encoded.writeBytes((plain(it, Framing.INT32) as ByteString).toByteArray()) }
        check(encoded.toByteArray().contentEquals(traffic.wire)) { "$who encodes $framing to something else" }
    }
    return work
}

/** Everybody's idea of a message as one that can be compared. */
private fun plain(message: Any, framing: Framing): Any =
    when (message) {
        is String -> message
        is ByteString -> message
        is ByteArray -> ByteString(message)
        is okio.ByteString -> ByteString(message.toByteArray())
        is kotlinx.io.Buffer -> message.copy().readByteString()
        is okio.Buffer -> ByteString(message.snapshot().toByteArray())
        is java.nio.ByteBuffer -> ByteString(ByteArray(message.remaining()).also { message.duplicate().get(it) })
        is FullBulkStringRedisMessage -> plain(message.content(), framing)
        is ArrayRedisMessage -> message.children().map { plain(it, framing) }
        // No message holds a null.
        is List<*> -> message.map { plain(it!!, framing) }
        is ByteBuf if framing == Framing.LINES -> message.toString(Charsets.UTF_8)
        is ByteBuf -> ByteString(ByteBufUtil.getBytes(message))
        else -> error("a message, was ${message.javaClass}")
    }
