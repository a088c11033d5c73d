package socketeer.bench.codec

import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.encodeToByteString
import socketeer.Codec
import socketeer.Connection
import socketeer.Frames
import socketeer.Length
import socketeer.after
import socketeer.decimal
import socketeer.framed
import socketeer.lengthPrefixed
import socketeer.lines
import socketeer.map
import socketeer.memoryPair
import socketeer.repeat
import java.nio.ByteBuffer
import java.util.function.Consumer
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.intrinsics.startCoroutineUninterceptedOrReturn

private val bulk = lengthPrefixed(Length.Decimal("\r\n"), trailer = ascii("\r\n")).after(ascii("$"))
private val count = decimal("\r\n", MAX_ITEMS.toLong()).map(Long::toInt, Int::toLong).after(ascii("*"))

/** A command as a client sends it: an array of bulk strings. Made from the algebra, as a user would. */
private val command: Codec<List<ByteString>> = bulk.repeat(count)

private fun ascii(text: String) = text.encodeToByteString()

/** This library: frames as values of one's own, their limits kept, text checked to be UTF-8. */
object Socketeer : Contender {
    override fun decoding(traffic: Traffic): Work = decoding(codec(traffic.framing), traffic)

    override fun encoding(traffic: Traffic): Work = encoding(codec(traffic.framing), traffic.messages.map { own(it) })

    private fun own(message: Any): Any =
        when (message) {
            is ByteArray -> ByteString(message)
            // No message holds a null.
            is List<*> -> message.map { own(it!!) }
            else -> message
        }

    // Each framing is only ever given messages of its own.
    @Suppress("UNCHECKED_CAST")
    private fun codec(framing: Framing): Codec<Any> =
        when (framing) {
            Framing.LINES -> lines(max = MAX_LINE)
            Framing.INT32 -> lengthPrefixed(max = MAX_FRAME)
            Framing.VARINT -> lengthPrefixed(Length.Varint, max = MAX_FRAME)
            Framing.RESP -> command
        } as Codec<Any>

    private fun decoding(codec: Codec<Any>, traffic: Traffic): Work {
        val frames = Frames(codec)
        val received = ByteString(traffic.wire)
        return Work { taker ->
            frames.feed(received)
            while (true) taker.accept(frames.next() ?: break)
        }
    }

    private fun encoding(codec: Codec<Any>, messages: List<Any>): Work =
        Work { taker ->
            val sending = suspend { Taking(taker).framed(codec).send(messages) }
            check(sending.startCoroutineUninterceptedOrReturn(Unused) == Unit)
        }
}

private val nobody = memoryPair().first

/** A connection whose kernel takes all bytes at once. */
private class Taking(private val taker: Consumer<Any>) : Connection by nobody {
    override suspend fun send(buffer: ByteBuffer) {
        taker.accept(buffer)
        buffer.position(buffer.limit())
    }
}

/** Where a send that never suspends doesn't come back. */
private object Unused : Continuation<Unit> {
    override val context: CoroutineContext get() = EmptyCoroutineContext

    override fun resumeWith(result: Result<Unit>) = result.getOrThrow()
}
