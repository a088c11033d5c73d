package socketeer

import kotlinx.coroutines.CoroutineScope
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.decodeToString
import java.nio.ByteBuffer
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration

/**
 * The seam: where sockets come from. The kernel's (`NioNetwork`), in memory (`MemoryNetwork`) or simulated; the same
 * block runs on any.
 *
 * Closing a network closes every socket that came from it.
 */
public interface Network {
    /**
     * Binds a stream socket to [address]; it neither listens nor connects yet. A name binds its first address.
     *
     * @throws AddressInUseException, AddressNotAvailableException, DeniedException, NameNotFoundException
     */
    public suspend fun bind(address: StreamAddress, vararg options: Setting<*>): BoundSocket

    /**
     * Connects to [address]: every address its name has, raced as RFC 8305 says, all within [timeout].
     *
     * @throws RefusedException, UnreachableException, TimedOutException, NameNotFoundException; with several addresses
     *   the first failure, the others suppressed in it.
     */
    public suspend fun connect(
        address: StreamAddress,
        timeout: Duration = Limits().connect,
        vararg options: Setting<*>,
    ): Connection

    /**
     * The addresses of [host] in the resolver's order, as literals; a literal is its own address. Never blocks a loop.
     *
     * @throws NameNotFoundException
     */
    public suspend fun resolve(host: String): List<String>

    /** Closes every socket of this network; what waits on them ends with [ClosedException]. */
    public suspend fun close()
}

/** What all sockets share. */
public interface Socket {
    /** The address here: a value, fixed when the socket was made, readable after close. */
    public val local: Address

    /** False once [close] was called, here or by the network. */
    public val isOpen: Boolean

    /**
     * Closes and returns when the descriptor is gone. Whatever waits on this socket ends with [ClosedException].
     * Closing twice is fine; a cancelled caller still closes.
     */
    public suspend fun close()

    /** The value of [option]. @throws UnsupportedException naming option and platform */
    public operator fun <T : Any> get(option: Option<T>): T

    /** Sets [option]. @throws UnsupportedException, IllegalArgumentException naming option, value and platform */
    public operator fun <T : Any> set(option: Option<T>, value: T)
}

/** Runs [block] on this socket and closes it, however the block ends. */
public suspend inline fun <S : Socket, R> S.use(block: (S) -> R): R {
    try {
        return block(this)
    } finally {
        close()
    }
}

/** A stream socket that has its address and nothing else yet: the typestate between bind and listen (or connect). */
public interface BoundSocket : Socket {
    override val local: StreamAddress

    /** Starts to listen; this socket becomes the listener and must not be used again. [backlog] is 1 or more. */
    public suspend fun listen(backlog: Int = Limits().backlog): Listener

    /** Connects from this address; this socket becomes the connection and must not be used again. */
    public suspend fun connect(address: StreamAddress, timeout: Duration = Limits().connect): Connection
}

/** A socket that accepts connections. */
public interface Listener : Socket {
    override val local: StreamAddress

    /**
     * Waits for the next connection. A connection that its peer gave up before it was accepted is passed over.
     *
     * @throws ClosedException, BusyException
     * @throws ExhaustedException out of descriptors or memory; the listener lives on
     */
    public suspend fun accept(): Connection
}

/** A direction to [Connection.shutdown], as Python's SHUT_RD, SHUT_WR, SHUT_RDWR. */
public enum class Direction { READ, WRITE, BOTH }

/**
 * A byte stream to a peer.
 *
 * One coroutine may receive while another sends; two at the same are told [BusyException] at once. Every call can be
 * made from any thread and cancelled at any point: a cancelled receive loses no byte, a cancelled send says through
 * [sent] how much went. A connection is also the scope of what is launched on it: [close] cancels that.
 */
public interface Connection : Socket, CoroutineScope {
    override val local: StreamAddress

    /** The peer's address: a value, fixed at accept or connect, readable after close. */
    public val remote: StreamAddress

    /** How many bytes have been taken from the kernel so far. */
    public val received: Long

    /** How many bytes the kernel has taken so far. */
    public val sent: Long

    /**
     * The next bytes, 1 to [max] of them as they come, or null at the end of the stream (and from then on).
     *
     * @throws BrokenException, ClosedException, BusyException
     */
    public suspend fun recv(max: Int = DEFAULT_RECV): ByteString?

    /**
     * Receives into [buffer] at its position, without allocating: how many bytes came, or -1 at the end of the stream.
     * A buffer with no room gets 0 at once. After cancellation the buffer is not touched.
     */
    public suspend fun recvInto(buffer: ByteBuffer): Int

    /**
     * Exactly [n] bytes, or null if the stream ends before the first of them. When cancelled, what had come is kept for
     * the next receive.
     *
     * @throws BrokenException if the stream ends inside them, with have and need; those bytes can still be received.
     */
    public suspend fun recvExactly(n: Int): ByteString?

    /**
     * The next [n] bytes, which stay to be received: waits for all of them, gives fewer only where the stream ends
     * first, null at its end.
     */
    public suspend fun peek(n: Int): ByteString?

    /** Puts [bytes] back in front of what comes next: what a parser took too much of. */
    public suspend fun unread(bytes: ByteString)

    /**
     * Sends all that remains in [buffer] and returns when the kernel has it. When cancelled, the buffer's position
     * says how much went.
     *
     * @throws BrokenException, ClosedException, BusyException
     */
    public suspend fun send(buffer: ByteBuffer)

    /** Sends all of [bytes]. */
    public suspend fun send(bytes: ByteString)

    /** Sends all of [bytes], which must not change until this returns. */
    public suspend fun send(bytes: ByteArray)

    /** Sends [text] as UTF-8. */
    public suspend fun send(text: String)

    /**
     * Ends one direction. WRITE: the peer gets what was sent, then the end of the stream; receiving goes on. READ: what
     * has already come can be received, then null; sending goes on. A second time changes nothing.
     */
    public suspend fun shutdown(how: Direction)

    /** Closes abruptly: the peer gets a reset (RST) and what it had not read may be lost. Otherwise like [close]. */
    public suspend fun abort()
}

/** How many bytes [Connection.recv] gives at most unless told otherwise. */
public const val DEFAULT_RECV: Int = 65_536

/** These bytes as UTF-8 text; what isn't UTF-8 becomes U+FFFD. For text cut anywhere use a framing. */
public fun ByteString.text(): String = decodeToString()

/** What a server asks of a connection that lives on a loop, besides what everybody may. */
internal interface Hosted {
    /** Where its handler runs without being carried over for every call; empty: anywhere. */
    val home: CoroutineContext

    /** The peer has said its last word, or there is no way to say ours: nothing to [finish]. */
    val isFinished: Boolean

    /**
     * Ends the sending side, then takes in and drops what the peer still sends until its end, whether or not reading was
     * shut down: to close with bytes unread is a reset, and that may overtake the last reply.
     */
    suspend fun finish()
}
