package socketeer.java

import kotlinx.io.bytestring.ByteString
import socketeer.Length
import socketeer.LineEnd
import socketeer.MalformedException
import socketeer.TooLargeException
import socketeer.after
import socketeer.before
import socketeer.body
import socketeer.checksummed
import socketeer.decode
import socketeer.deflated
import socketeer.encode
import socketeer.framed
import socketeer.limit
import socketeer.map
import socketeer.repeat
import socketeer.repeatToEnd
import socketeer.then
import java.util.function.Function
import socketeer.Case as Alternative
import socketeer.Codec as Framing
import socketeer.Connection as Stream
import socketeer.Decoder as Reading
import socketeer.Framed as Frames
import socketeer.Input as Source
import socketeer.Output as Sink
import socketeer.ProxyHeader as Header
import socketeer.Resp as Reply

/*
 * A codec written in Java as one of Kotlin's, and the other way round; either, adapted twice, is itself again. So all
 * framings, combinators and laws are there once.
 */

private object Adapters {
    @JvmStatic
    fun <T : Any> toKotlin(codec: Codec<T>): Framing<T> = if (codec is FromKotlin) codec.codec else FromJava(codec)

    @JvmStatic
    fun <T : Any> toJava(codec: Framing<T>): Codec<T> = if (codec is FromJava) codec.codec else FromKotlin(codec)

    /** The codec of Kotlin's byte strings as one of [Bytes]. */
    private fun ofBytes(codec: Framing<ByteString>): Codec<Bytes> = toJava(codec.map(Bytes::wrap) { it.string() })

    private inline fun <T : Any, U : Any> Codec<T>.with(make: Framing<T>.() -> Framing<U>): Codec<U> =
        toJava(toKotlin(this).make())

    private fun <A : Any, B : Any> Framing<kotlin.Pair<A, B>>.pairs(): Framing<Pair<A, B>> =
        map({ (first, second) -> Pair(first, second) }, { it.first to it.second })

    @JvmStatic
    fun <T : Any> framed(connection: Stream, codec: Codec<T>): Frames<T> = connection.framed(toKotlin(codec))

    @JvmStatic
    fun <T : Any> encode(codec: Codec<T>, value: T): Bytes = Bytes.wrap(toKotlin(codec).encode(value))

    @JvmStatic
    fun <T : Any> decode(codec: Codec<T>, bytes: Bytes): T = toKotlin(codec).decode(bytes.string())

    @JvmStatic
    fun lines(max: Int): Codec<String> = toJava(socketeer.lines(max = max))

    @JvmStatic
    fun <T : Any> lines(
        payload: Codec<T>,
        end: LineEnd,
        max: Int,
        lastMayBeOpen: Boolean,
        resync: Boolean,
    ): Codec<T> = payload.with { socketeer.lines(this, end, max, lastMayBeOpen, resync) }

    @JvmStatic
    fun <T : Any> delimited(
        payload: Codec<T>,
        delimiters: List<Bytes>,
        max: Int,
        lastMayBeOpen: Boolean,
        resync: Boolean,
    ): Codec<T> = payload.with {
        socketeer.delimited(this, delimiters.map { it.string() }, max, lastMayBeOpen, resync)
    }

    @JvmStatic
    fun lengthPrefixed(max: Int): Codec<Bytes> = ofBytes(socketeer.lengthPrefixed(max = max))

    @JvmStatic
    fun <T : Any> lengthPrefixed(payload: Codec<T>, length: Length, max: Int): Codec<T> =
        payload.with { socketeer.lengthPrefixed(this, length, max = max) }

    @JvmStatic
    fun <T : Any> lengthPrefixed(
        payload: Codec<T>,
        length: Length,
        offset: Int,
        adjustment: Int,
        strip: Int,
        max: Int,
        trailer: Bytes,
    ): Codec<T> = payload.with {
        socketeer.lengthPrefixed(this, length, offset, adjustment, strip, max, trailer.string())
    }

    @JvmStatic
    fun <T : Any> netstring(payload: Codec<T>, max: Int): Codec<T> = payload.with { socketeer.netstring(this, max) }

    @JvmStatic
    fun bytes(max: Int): Codec<Bytes> = ofBytes(socketeer.bytes(max))

    @JvmStatic
    fun fixed(size: Int): Codec<Bytes> = ofBytes(socketeer.fixed(size))

    @JvmStatic
    fun <K : Any, T : Any> tagged(tag: Codec<K>, cases: List<Case<K, out T>>): Codec<T> =
        tag.with { socketeer.tagged(this, *cases.map { it.toKotlin() }.toTypedArray()) }

    private fun <K : Any, T : Any> Case<K, T>.toKotlin() = Alternative(tag, type.kotlin, toKotlin(codec))

    @JvmStatic
    fun <T : Any, U : Any> map(codec: Codec<T>, decoded: Function<in T, out U>, encoded: Function<in U, out T>) =
        codec.with { map(decoded::apply, encoded::apply) }

    @JvmStatic
    fun <T : Any, U : Any> then(codec: Codec<T>, next: Codec<U>): Codec<Pair<T, U>> =
        codec.with { then(toKotlin(next)).pairs() }

    @JvmStatic
    fun <T : Any, U : Any> body(codec: Codec<T>, maxBody: Int, body: Function<in T, Codec<U>>): Codec<Pair<T, U>> =
        codec.with { body(maxBody) { toKotlin(body.apply(it)) }.pairs() }

    @JvmStatic
    fun <T : Any> after(codec: Codec<T>, prefix: Bytes): Codec<T> = codec.with { after(prefix.string()) }

    @JvmStatic
    fun <T : Any> before(codec: Codec<T>, suffix: Bytes): Codec<T> = codec.with { before(suffix.string()) }

    @JvmStatic
    fun <T : Any> limit(codec: Codec<T>, max: Int): Codec<T> = codec.with { limit(max) }

    @JvmStatic
    fun <T : Any> repeat(codec: Codec<T>, times: Int): Codec<List<T>> = codec.with { repeat(times) }

    @JvmStatic
    fun <T : Any> repeat(codec: Codec<T>, count: Codec<Int>): Codec<List<T>> =
        codec.with { repeat(toKotlin(count)) }

    @JvmStatic
    fun <T : Any> repeatToEnd(codec: Codec<T>): Codec<List<T>> = codec.with { repeatToEnd() }

    @JvmStatic
    fun <T : Any> checksummed(codec: Codec<T>): Codec<T> = codec.with { checksummed() }

    @JvmStatic
    fun <T : Any> deflated(codec: Codec<T>, max: Int): Codec<T> = codec.with { deflated(max) }

    @JvmStatic
    fun proxy(codec: Framing<Header>): Codec<ProxyHeader> = toJava(codec.map(ProxyHeader::of) { it.header() })

    @JvmStatic
    fun respCommands(): Codec<List<Bytes>> =
        toJava(socketeer.respCommands().map({ it.map(Bytes::wrap) }, { words -> words.map { it.string() } }))

    @JvmStatic
    fun respReplies(): Codec<Resp> = toJava(socketeer.respReplies().map(::ofReply, ::toReply))

    private fun ofReply(reply: Reply): Resp = when (reply) {
        is Reply.Simple -> Resp.Simple(Bytes.wrap(reply.text))
        is Reply.Failure -> Resp.Failure(Bytes.wrap(reply.text))
        is Reply.Number -> Resp.Number(reply.value)
        is Reply.Bulk -> Resp.Bulk(Bytes.wrap(reply.bytes))
        is Reply.Many -> Resp.Many(reply.items?.map(::ofReply))
    }

    private fun toReply(reply: Resp): Reply = when (reply) {
        is Resp.Simple -> Reply.Simple(reply.text.string())
        is Resp.Failure -> Reply.Failure(reply.text.string())
        is Resp.Number -> Reply.Number(reply.value)
        is Resp.Bulk -> Reply.Bulk(reply.bytes?.string())
        is Resp.Many -> Reply.Many(reply.items?.map(::toReply))
    }

    @JvmStatic
    fun malformed(input: Source, message: String, index: Int): MalformedException =
        thrown { input.malformed(message, index) }

    @JvmStatic
    fun tooLarge(input: Source, message: String, index: Int): TooLargeException =
        thrown { input.tooLarge(message, index) }

    private inline fun <reified E : Throwable> thrown(block: () -> Nothing): E =
        try {
            block()
        } catch (thrown: Throwable) {
            thrown as? E ?: throw thrown
        }
}

/** For the laws, whose room is another one; nothing that Java sees. */
@JvmSynthetic
internal fun <T : Any> framingOf(codec: Codec<T>): Framing<T> = Adapters.toKotlin(codec)

/** The same for bytes. */
@JvmSynthetic
internal fun ofString(bytes: ByteString): Bytes = Bytes.wrap(bytes)

private class FromJava<T : Any>(val codec: Codec<T>) : Framing<T> {
    override val maxBytes get() = codec.maxBytes()
    override val untilEnd get() = codec.untilEnd()

    override fun encode(value: T, output: Sink) = codec.encode(value, Output(output))

    override fun decoder(): Reading<T> {
        val decoder = codec.decoder()
        return object : Reading<T> {
            private var view: Input? = null

            override val resumes get() = decoder.resumes()

            override fun decode(input: Source): T? {
                val mine = view?.takeIf { it.input === input } ?: Input(input).also { view = it }
                return decoder.decode(mine)
            }
        }
    }

    override fun toString(): String = codec.toString()
}

private class FromKotlin<T : Any>(val codec: Framing<T>) : Codec<T> {
    override fun maxBytes(): Int = codec.maxBytes

    override fun untilEnd(): Boolean = codec.untilEnd

    override fun encode(value: T, output: Output) = codec.encode(value, output.output)

    override fun decoder(): Decoder<T> {
        val decoder = codec.decoder()
        return object : Decoder<T> {
            override fun decode(input: Input): T? = decoder.decode(input.input)

            override fun resumes(): Boolean = decoder.resumes
        }
    }

    override fun toString(): String = codec.toString()
}
