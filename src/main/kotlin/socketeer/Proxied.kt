package socketeer

import kotlinx.coroutines.withTimeoutOrNull
import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * [handler] behind a proxy that speaks the PROXY protocol, version 1 or 2: in it `remote` and `local` are what the
 * proxy's header says, and the bytes behind the header come first.
 *
 * A peer in one of the blocks [from] must send a header, so that nobody has to guess whether there is one; any other
 * peer is refused unheard. Over a Unix socket every peer is trusted: the mode of its file says who may connect. A
 * local or unknown header, or one that names no streams, leaves the real addresses. [proxyHeader] has all that it said.
 *
 * However it goes wrong, the handler isn't called and the connection ends, with a [DeniedException] (not in a trusted
 * block), a [TimedOutException] (no whole header within [deadline]), a [MalformedException] or [TooLargeException]
 * (what is wrong, and at which byte), or a [BrokenException] (the stream ended before it). Source: HAProxy's
 * proxy-protocol.txt, sections 2 and 5.
 *
 * @param from the blocks that proxies connect from.
 * @param deadline how long a header may take to come; 3 seconds or more leave time for a packet that is sent again.
 * @param max the greatest header of version 2, in bytes.
 */
public fun proxied(
    from: List<Cidr>,
    deadline: Duration = 5.seconds,
    max: Int = DEFAULT_MAX_PROXY_V2,
    handler: Handler,
): Handler {
    require(deadline.isPositive()) { "deadline > 0, was $deadline" }
    val codec = proxyHeader(max)
    return {
        if (remote !is UnixAddress && from.none { remote in it }) {
            throw DeniedException("PROXY header from $remote: not in a trusted block $from")
        }
        val header = withTimeoutOrNull(deadline) { receiveHeader(codec) }
            ?: throw TimedOutException("PROXY header from $remote: not there after $deadline")
        coroutineContext[Handling]?.client = header.source
        Proxied(this, header).handler()
    }
}

/** What the proxy said of this connection, inside of [proxied]; null if it isn't. */
public val Connection.proxyHeader: ProxyHeader? get() = coroutineContext[Said]?.header

private suspend fun Connection.receiveHeader(codec: Codec<ProxyHeader>): ProxyHeader {
    val framed = framed(codec)
    val header = try {
        framed.recv() ?: throw BrokenException("the stream ended before it")
    } catch (cause: MalformedException) {
        throw MalformedException("PROXY header from $remote: ${cause.reason}", cause.position)
    } catch (cause: TooLargeException) {
        throw TooLargeException("PROXY header from $remote: ${cause.reason}", cause.position)
    } catch (cause: BrokenException) {
        throw BrokenException("PROXY header from $remote: ${cause.message}", cause)
    }
    framed.unframed()
    return header
}

/** The connection as its proxy describes it. */
internal class Proxied(val connection: Connection, header: ProxyHeader) : Connection by connection {
    override val local: StreamAddress = header.destination as? StreamAddress ?: connection.local
    override val remote: StreamAddress = header.source as? StreamAddress ?: connection.remote
    override val coroutineContext: CoroutineContext = connection.coroutineContext + Said(header)

    override fun toString(): String = "$connection for $remote"
}

private class Said(val header: ProxyHeader) : AbstractCoroutineContextElement(Said) {
    companion object : CoroutineContext.Key<Said>
}
