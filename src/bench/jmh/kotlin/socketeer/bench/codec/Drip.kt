package socketeer.bench.codec

import io.netty.buffer.ByteBufUtil
import io.netty.buffer.Unpooled
import io.netty.channel.embedded.EmbeddedChannel
import kotlinx.io.bytestring.ByteString
import socketeer.Frames
import socketeer.lengthPrefixed
import java.nio.ByteBuffer

/**
 * One frame with four bytes of length and [size] of payload that comes byte by byte; [who] gives it once, at the end.
 */
fun dripping(who: String, size: Int): Work {
    val frame = ByteBuffer.allocate(Int.SIZE_BYTES + size).putInt(size).put(ByteArray(size) { it.toByte() }).array()
    val work = if (who == "netty") drippingNetty(frame) else drippingFrames(frame)
    val decoded = ArrayList<ByteString>()
    work.run { decoded += it as? ByteString ?: ByteString(ByteBufUtil.getBytes(it as io.netty.buffer.ByteBuf)) }
    check(decoded == listOf(ByteString(frame, Int.SIZE_BYTES))) { "$who decodes to something else" }
    return work
}

private fun drippingFrames(frame: ByteArray): Work {
    val frames = Frames(lengthPrefixed(max = MAX_FRAME))
    return Work { taker ->
        for (i in frame.indices) {
            frames.feed(frame, i, i + 1)
            frames.next()?.let { taker.accept(it) }
        }
    }
}

private fun drippingNetty(frame: ByteArray): Work {
    val last = Last(kept = false)
    val pipeline = EmbeddedChannel(Lengths(), last).pipeline()
    return Work { taker ->
        last.taker = taker
        for (i in frame.indices) pipeline.fireChannelRead(Unpooled.wrappedBuffer(frame, i, 1))
    }
}
