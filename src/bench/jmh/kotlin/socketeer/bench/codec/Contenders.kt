package socketeer.bench.codec

import io.netty.buffer.ByteBuf
import io.netty.buffer.ByteBufUtil
import io.netty.buffer.Unpooled
import io.netty.channel.embedded.EmbeddedChannel
import io.netty.handler.codec.LengthFieldBasedFrameDecoder
import io.netty.handler.codec.LineBasedFrameDecoder
import io.netty.handler.codec.protobuf.ProtobufVarint32FrameDecoder
import io.netty.handler.codec.redis.RedisArrayAggregator
import io.netty.handler.codec.redis.RedisBulkStringAggregator
import io.netty.handler.codec.redis.RedisDecoder
import io.netty.util.ReferenceCountUtil
import kotlinx.io.Buffer
import kotlinx.io.bytestring.ByteString
import kotlinx.io.readByteString
import kotlinx.io.readLineStrict
import socketeer.Codec
import socketeer.Frames
import socketeer.Length
import socketeer.Output
import socketeer.after
import socketeer.decimal
import socketeer.lengthPrefixed
import socketeer.lines
import socketeer.map
import socketeer.repeat

/** A chunk of frames, taken apart or put together once a call; gives how many frames that were. */
fun interface Contender {
    fun run(): Int
}

/** How many frames are in a chunk, and how long each one's payload is. */
const val FRAMES: Int = 500
private const val PAYLOAD = 64

private val text = "x".repeat(PAYLOAD)
private val bytes = ByteString(*ByteArray(PAYLOAD) { 'x'.code.toByte() })
private val bulk = lengthPrefixed(Length.Decimal("\r\n"), trailer = ascii("\r\n")).after(ascii("$"))
private val count = decimal("\r\n", 1024).map(Long::toInt, Int::toLong).after(ascii("*"))
private val command = bulk.repeat(count)
private val set = listOf(ascii("SET"), ascii("key"), bytes)

private fun ascii(text: String) = ByteString(*text.encodeToByteArray())

/** The one of [framing] (lines, int32, varint, resp), by [who] (ours, netty, nettyKept, hand), that does [what] (decode, encode). */
fun contender(framing: String, who: String, what: String): Contender =
    when (framing) {
        "lines" -> of(who, what, lines(), text, { nettyLines() }, ::handLines) { it.write(text.encodeToByteArray()).also { _ -> it.writeByte(10) } }
        "int32" -> of(who, what, lengthPrefixed(), bytes, ::nettyLengths, ::handLengths) { handInt32(it) }
        "varint" -> of(who, what, lengthPrefixed(Length.Varint), bytes, ::nettyVarints, ::handVarints) { handVarint(it) }
        "resp" -> of(who, what, command, set, { nettyResp() }, ::handResp) { handCommand(it) }
        else -> error(framing)
    }

private fun <T : Any> of(
    who: String,
    what: String,
    codec: Codec<T>,
    value: T,
    netty: (Boolean) -> (ByteBuf) -> Int,
    hand: (Buffer) -> Any?,
    write: (Buffer) -> Unit,
): Contender =
    when (what to who) {
        "decode" to "ours" -> decodeOurs(codec, chunk(codec, value))
        "decode" to "netty" -> decodeNetty(chunk(codec, value), netty(false))
        "decode" to "nettyKept" -> decodeNetty(chunk(codec, value), netty(true))
        "decode" to "hand" -> decodeHand(chunk(codec, value), hand)
        "encode" to "ours" -> encodeOurs(codec, value)
        "encode" to "netty", "encode" to "nettyKept" -> encodeNetty(chunk(codec, value).size / FRAMES, value)
        else -> encodeHand(write)
    }

private fun <T : Any> chunk(codec: Codec<T>, value: T): ByteArray =
    Output().also { out -> repeat(FRAMES) { out.append(codec, value) } }.toByteString().toByteArray()

private fun <T : Any> decodeOurs(codec: Codec<T>, chunk: ByteArray): Contender {
    val frames = Frames(codec)
    val received = ByteString(*chunk)
    return Contender {
        frames.feed(received)
        var n = 0
        while (frames.next() != null) n++
        n
    }
}

private fun decodeNetty(chunk: ByteArray, decode: (ByteBuf) -> Int): Contender {
    val buffer = Unpooled.wrappedBuffer(chunk)
    return Contender { decode(buffer.readerIndex(0)) }
}

private fun decodeHand(chunk: ByteArray, decode: (Buffer) -> Any?): Contender =
    Contender {
        val buffer = Buffer()
        buffer.write(chunk)
        var n = 0
        while (!buffer.exhausted() && decode(buffer) != null) n++
        n
    }

private fun <T : Any> encodeOurs(codec: Codec<T>, value: T): Contender =
    Contender {
        val output = Output()
        repeat(FRAMES) { output.append(codec, value) }
        output.size / FRAMES
    }

/** What Netty's prepender and string encoder do with a buffer of their own: the least they can. */
private fun encodeNetty(size: Int, value: Any): Contender {
    val payload = (value as? ByteString ?: bytes).toByteArray()
    return Contender {
        val buffer = Unpooled.buffer(256)
        repeat(FRAMES) {
            if (value is String) ByteBufUtil.writeUtf8(buffer, value) else buffer.writeInt(payload.size).writeBytes(payload)
            if (value is String) buffer.writeByte(10)
        }
        (buffer.readableBytes() / size).also { buffer.release() }
    }
}

private fun encodeHand(write: (Buffer) -> Unit): Contender =
    Contender {
        val buffer = Buffer()
        repeat(FRAMES) { write(buffer) }
        (buffer.size / FRAMES).toInt()
    }

private class Lines : LineBasedFrameDecoder(1 shl 16) {
    public override fun decode(ctx: io.netty.channel.ChannelHandlerContext?, buffer: ByteBuf): Any? = super.decode(ctx, buffer)
}

private class Lengths : LengthFieldBasedFrameDecoder(1 shl 20, 0, 4, 0, 4) {
    public override fun decode(ctx: io.netty.channel.ChannelHandlerContext?, buffer: ByteBuf): Any? = super.decode(ctx, buffer)
}

private class Varints : ProtobufVarint32FrameDecoder() {
    fun all(buffer: ByteBuf, out: MutableList<Any>) = decode(null, buffer, out)
}

// The decoders alone, without a pipeline, and frames that are slices of the chunk: as fast as Netty can be. Kept: each
// copied to an array, which is what a message that outlives its buffer costs.
private fun nettyLines(): (ByteBuf) -> Int {
    val decoder = Lines()
    return { chunk ->
        var n = 0
        while (true) {
            val line = decoder.decode(null, chunk) as ByteBuf? ?: break
            if (line.toString(Charsets.UTF_8).isNotEmpty()) n++
            line.release()
        }
        n
    }
}

private fun nettyLengths(kept: Boolean): (ByteBuf) -> Int {
    val decoder = Lengths()
    return { chunk ->
        var n = 0
        while (true) {
            val frame = decoder.decode(null, chunk) as ByteBuf? ?: break
            if (!kept || ByteBufUtil.getBytes(frame).isNotEmpty()) n++
            frame.release()
        }
        n
    }
}

private fun nettyVarints(kept: Boolean): (ByteBuf) -> Int {
    val decoder = Varints()
    val out = ArrayList<Any>(FRAMES)
    return { chunk ->
        while (chunk.isReadable) decoder.all(chunk, out)
        val n = out.size
        for (frame in out) {
            if (kept) check(ByteBufUtil.getBytes(frame as ByteBuf).isNotEmpty())
            ReferenceCountUtil.release(frame)
        }
        out.clear()
        n
    }
}

private fun nettyResp(): (ByteBuf) -> Int {
    val channel = EmbeddedChannel(RedisDecoder(), RedisBulkStringAggregator(), RedisArrayAggregator(1024, 8))
    return { chunk ->
        channel.writeInbound(chunk.retainedDuplicate())
        var n = 0
        while (true) {
            ReferenceCountUtil.release(channel.readInbound() ?: break)
            n++
        }
        n
    }
}

private fun handLines(buffer: Buffer): Any = buffer.readLineStrict()

private fun handLengths(buffer: Buffer): Any = buffer.readByteString(buffer.readInt())

private fun handVarints(buffer: Buffer): Any = buffer.readByteString(buffer.readByte().toInt())

private fun handResp(buffer: Buffer): Any =
    List(buffer.readLineStrict().drop(1).toInt()) {
        buffer.readByteString(buffer.readLineStrict().drop(1).toInt()).also { buffer.skip(2) }
    }

private fun handInt32(buffer: Buffer) {
    buffer.writeInt(bytes.size)
    buffer.write(bytes.toByteArray())
}

private fun handVarint(buffer: Buffer) {
    buffer.writeByte(bytes.size.toByte())
    buffer.write(bytes.toByteArray())
}

private fun handCommand(buffer: Buffer) {
    buffer.write("*3\r\n".encodeToByteArray())
    for (part in set) {
        buffer.write("$${part.size}\r\n".encodeToByteArray())
        buffer.write(part.toByteArray())
        buffer.write("\r\n".encodeToByteArray())
    }
}
