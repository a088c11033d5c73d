package socketeer.bench.codec

import io.netty.buffer.ByteBuf
import io.netty.buffer.ByteBufAllocator
import io.netty.buffer.ByteBufUtil
import io.netty.buffer.Unpooled
import io.netty.channel.ChannelHandler
import io.netty.channel.ChannelHandlerContext
import io.netty.channel.ChannelInboundHandlerAdapter
import io.netty.channel.embedded.EmbeddedChannel
import io.netty.handler.codec.LengthFieldBasedFrameDecoder
import io.netty.handler.codec.LengthFieldPrepender
import io.netty.handler.codec.LineBasedFrameDecoder
import io.netty.handler.codec.protobuf.ProtobufVarint32FrameDecoder
import io.netty.handler.codec.protobuf.ProtobufVarint32LengthFieldPrepender
import io.netty.handler.codec.redis.ArrayRedisMessage
import io.netty.handler.codec.redis.FullBulkStringRedisMessage
import io.netty.handler.codec.redis.RedisArrayAggregator
import io.netty.handler.codec.redis.RedisBulkStringAggregator
import io.netty.handler.codec.redis.RedisDecoder
import io.netty.handler.codec.redis.RedisEncoder
import io.netty.handler.codec.redis.RedisMessage
import io.netty.handler.codec.string.LineEncoder
import io.netty.handler.codec.string.LineSeparator
import io.netty.util.ReferenceCountUtil
import java.util.function.Consumer

/**
 * Netty's own decoders and encoders, called without a pipeline where they can be: as fast as they get.
 *
 * A message is a slice of what was received, released at once; [kept]: it is copied to bytes or text of one's own, as
 * one must that outlives its buffer, and as everybody else's messages are.
 */
class Netty(private val kept: Boolean) : Contender {
    override fun decoding(traffic: Traffic): Work {
        val received = ByteBufAllocator.DEFAULT.buffer(traffic.wire.size).writeBytes(traffic.wire)
        return when (traffic.framing) {
            Framing.LINES -> decoding(received, Lines()) { it.toString(Charsets.UTF_8) }
            Framing.INT32 -> decoding(received, Lengths()) { ByteBufUtil.getBytes(it) }
            Framing.VARINT -> varints(received)
            Framing.RESP -> commands(received)
        }
    }

    private fun decoding(received: ByteBuf, decoder: OneByOne, own: (ByteBuf) -> Any) =
        Work { taker ->
            received.readerIndex(0)
            while (true) {
                val frame = decoder.one(received) ?: break
                taker.accept(if (kept) own(frame) else frame)
                frame.release()
            }
        }

    private fun varints(received: ByteBuf): Work {
        val decoder = Varints()
        val frames = ArrayList<Any>()
        return Work { taker ->
            received.readerIndex(0)
            while (received.isReadable) {
                decoder.decode(null, received, frames)
                val frame = frames.removeLast() as ByteBuf
                taker.accept(if (kept) ByteBufUtil.getBytes(frame) else frame)
                frame.release()
            }
        }
    }

    /** RESP's three handlers hand their messages to each other through the pipeline. */
    private fun commands(received: ByteBuf): Work {
        val last = Last(kept)
        val channel =
            EmbeddedChannel(RedisDecoder(), RedisBulkStringAggregator(), RedisArrayAggregator(MAX_ITEMS, 1), last)
        return Work { taker ->
            last.taker = taker
            channel.pipeline().fireChannelRead(received.readerIndex(0).retainedDuplicate())
        }
    }

    override fun encoding(traffic: Traffic): Work =
        when (traffic.framing) {
            Framing.LINES -> LineWriter().let { encoder ->
                encoding(traffic, encoder) { ctx, it, out -> encoder.encode(ctx, it as String, out) }
            }
            Framing.INT32 -> LengthWriter().let { encoder ->
                encoding(traffic, encoder) { ctx, it, out -> releasing(wrapped(it)) { encoder.encode(ctx, it, out) } }
            }
            Framing.VARINT -> VarintWriter().let { encoder ->
                encoding(traffic, encoder) { ctx, it, out ->
                    val bytes = ctx.alloc().ioBuffer()
                    releasing(wrapped(it)) { encoder.encode(ctx, it, bytes) }
                    out += bytes
                }
            }
            Framing.RESP -> CommandWriter().let { encoder ->
                encoding(traffic, encoder) { ctx, it, out ->
                    // No message holds a null.
                    val parts = (it as List<*>).map { part -> FullBulkStringRedisMessage(wrapped(part!!)) }
                    releasing(ArrayRedisMessage(parts)) { message -> encoder.encode(ctx, message, out) }
                }
            }
        }

    private fun wrapped(message: Any) = Unpooled.wrappedBuffer(message as ByteArray)

    private inline fun <T> releasing(message: T, block: (T) -> Unit) {
        block(message)
        ReferenceCountUtil.release(message)
    }

    private inline fun encoding(
        traffic: Traffic,
        encoder: ChannelHandler,
        crossinline encode: (ChannelHandlerContext, Any, MutableList<Any>) -> Unit,
    ): Work {
        val ctx = EmbeddedChannel(encoder).pipeline().firstContext()
        val out = ArrayList<Any>()
        return Work { taker ->
            for (message in traffic.messages) encode(ctx, message, out)
            for (bytes in out) {
                taker.accept(bytes)
                ReferenceCountUtil.release(bytes)
            }
            out.clear()
        }
    }
}

internal class Last(private val kept: Boolean) : ChannelInboundHandlerAdapter() {
    lateinit var taker: Consumer<Any>

    override fun channelRead(ctx: ChannelHandlerContext, message: Any) {
        taker.accept(if (kept) own(message as ArrayRedisMessage) else message)
        ReferenceCountUtil.release(message)
    }

    private fun own(message: ArrayRedisMessage) =
        message.children().map { ByteBufUtil.getBytes((it as FullBulkStringRedisMessage).content()) }
}

internal interface OneByOne {
    fun one(bytes: ByteBuf): ByteBuf?
}

private class Lines : LineBasedFrameDecoder(MAX_LINE), OneByOne {
    override fun one(bytes: ByteBuf) = decode(null, bytes) as ByteBuf?
}

internal class Lengths : LengthFieldBasedFrameDecoder(MAX_FRAME + 4, 0, 4, 0, 4), OneByOne {
    override fun one(bytes: ByteBuf) = decode(null, bytes) as ByteBuf?
}

private class Varints : ProtobufVarint32FrameDecoder() {
    public override fun decode(ctx: ChannelHandlerContext?, bytes: ByteBuf, out: MutableList<Any>) =
        super.decode(ctx, bytes, out)
}

private class LineWriter : LineEncoder(LineSeparator.UNIX, Charsets.UTF_8) {
    public override fun encode(ctx: ChannelHandlerContext, message: CharSequence, out: MutableList<Any>) =
        super.encode(ctx, message, out)
}

private class LengthWriter : LengthFieldPrepender(4) {
    public override fun encode(ctx: ChannelHandlerContext, message: ByteBuf, out: MutableList<Any>) =
        super.encode(ctx, message, out)
}

private class VarintWriter : ProtobufVarint32LengthFieldPrepender() {
    public override fun encode(ctx: ChannelHandlerContext, message: ByteBuf, out: ByteBuf) =
        super.encode(ctx, message, out)
}

private class CommandWriter : RedisEncoder() {
    public override fun encode(ctx: ChannelHandlerContext, message: RedisMessage, out: MutableList<Any>) =
        super.encode(ctx, message, out)
}
