package socketeer

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.selects.SelectClause1
import kotlinx.io.bytestring.ByteString
import kotlinx.io.bytestring.decodeToString
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.Path
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration
import kotlin.time.TimeSource

/**
 * The seam: where sockets come from. The kernel's (`NioNetwork`), in memory (`MemoryNetwork`) or simulated; the same
 * block runs on any.
 *
 * Closing a network closes every socket that came from it.
 */
public interface Network {
    /** The clock that goes with it, by which connections are timed; another one where time is simulated. */
    public val time: TimeSource get() = TimeSource.Monotonic

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
     * Two connected ends, as `socketpair()`: Unix streams without a name.
     *
     * @throws UnsupportedException if this network has no such thing; [memoryPair] is one without a kernel.
     */
    public suspend fun socketPair(): Pair<Connection, Connection> =
        throw UnsupportedException("socketPair: this network has none; memoryPair() does without a kernel")

    /**
     * A socket for datagrams, bound to [address]. A name binds its first address.
     *
     * @throws AddressInUseException, AddressNotAvailableException, DeniedException, NameNotFoundException
     * @throws UnsupportedException if this network carries no such datagrams.
     */
    public suspend fun bind(address: DatagramAddress, vararg options: Setting<*>): DatagramSocket =
        throw UnsupportedException("bind $address: this network carries no datagrams")

    /**
     * A socket for datagrams to and from [address] alone: its name's first address. Nothing is sent by this.
     *
     * @throws UnreachableException, NameNotFoundException
     * @throws UnsupportedException if this network carries no such datagrams.
     */
    public suspend fun connect(address: DatagramAddress, vararg options: Setting<*>): DatagramConnection =
        throw UnsupportedException("connect to $address: this network carries no datagrams")

    /**
     * The addresses of [host] in the resolver's order, as literals; a literal is its own address. Never blocks a loop.
     *
     * @throws NameNotFoundException
     */
    public suspend fun resolve(host: String): List<String>

    /**
     * The name of the literal [address], as `gethostbyaddr`. Never blocks a loop.
     *
     * @throws NameNotFoundException
     */
    public suspend fun reverse(address: String): String = throw NameNotFoundException("reverse $address: no name")

    /**
     * What the process was started with as its standard input, by inetd(8) or `systemd-socket-activate` with `0<&3`: a
     * [Listener], a [Connection] or a [DatagramSocket]. Null if that is no socket. To be asked for once.
     *
     * JDK 25 takes every such datagram socket for an IPv6 one and can't answer on an IPv4 one: let the activator bind
     * an IPv6 address, or start with `-Djava.net.preferIPv4Stack=true`.
     *
     * @throws UnsupportedException if this network's sockets aren't the system's.
     */
    public suspend fun inherited(): Socket? = throw UnsupportedException("inherited: not the system's sockets")

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

    /**
     * [accept] as a clause of kotlinx.coroutines' `select`: if another clause is first, nothing is accepted in vain.
     *
     * @throws UnsupportedException where sockets aren't the kernel's.
     */
    public val onAccept: SelectClause1<Connection> get() = throw UnsupportedException("select on $this")
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
     * [recv] as a clause of kotlinx.coroutines' `select`: if another clause is first, no byte is lost.
     *
     * @throws UnsupportedException where sockets aren't the kernel's.
     */
    public val onRecv: SelectClause1<ByteString?> get() = throw UnsupportedException("select on $this")

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
     * Sends [count] bytes of the file [path] from [offset] on, or all up to its end, and says how many that were. Where
     * the platform can, the kernel copies and no byte comes here. sendfile(2)
     *
     * @throws FailedException, DeniedException the file can't be read.
     * @throws BrokenException, ClosedException, BusyException as [send]
     */
    public suspend fun sendFile(path: Path, offset: Long = 0, count: Long = Long.MAX_VALUE): Long =
        copyFile(path, offset, count)

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

/** What a server asks of a connection that can tell whether its peer takes what is sent. */
internal interface Stalls {
    /** Whether a send waits until the peer takes more. From any thread. */
    val isSendWaiting: Boolean

    /**
     * Tries the send that waits again, from any thread: of a little room, as a slow peer makes it, nothing tells (Linux
     * reports a socket as writable when a third of its buffer is free).
     */
    fun sendAgain()
}

/** What a server asks of a connection that lives on a loop, besides what everybody may. */
internal interface Hosted {
    /** Where its handler runs without being carried over for every call; empty: anywhere. */
    val home: CoroutineContext

    /** The peer has said its last word, or there is no way to say ours: nothing to [finish]. */
    val isFinished: Boolean

    /**
     * Ends the sending side, then takes in and drops what the peer still sends until its end, whether or not reading
     * was shut down: to close with bytes unread is a reset, and that may overtake the last reply.
     */
    suspend fun finish()
}

/** What a server asks of a listener that has put a descriptor by. */
internal interface TurnsAway {
    /**
     * Gives that descriptor up to accept those who wait, and closes each at once, so that they are told: who it was.
     */
    suspend fun turnAway(): List<StreamAddress>
}

/** What a server asks of a datagram socket that lives on a loop, besides what everybody may. */
internal interface Drains {
    /** What has already come can be received, then receiving is a [ClosedException]. */
    suspend fun endInput()
}

/** The same by hand: read aside, a piece at a time. */
internal suspend fun Connection.copyFile(path: Path, offset: Long, count: Long): Long = openFile(path).use { file ->
    val end = endOf(file, offset, count)
    val piece = ByteBuffer.allocate(DEFAULT_RECV)
    var position = offset
    while (position < end) {
        piece.clear().limit(minOf(end - position, DEFAULT_RECV.toLong()).toInt())
        val read = aside { file.read(piece, position) }
        if (read < 0) break
        send(piece.flip())
        position += read
    }
    maxOf(position - offset, 0)
}

internal suspend fun openFile(path: Path): FileChannel = asideWhole {
    try {
        FileChannel.open(path)
    } catch (cause: java.nio.file.AccessDeniedException) {
        throw DeniedException("send file $path: permission denied", cause)
    } catch (cause: java.io.IOException) {
        throw FailedException("send file $path: ${cause.message?.takeIf { it != "$path" } ?: "no such file"}", cause)
    }
}

internal fun endOf(file: FileChannel, offset: Long, count: Long): Long {
    require(offset >= 0 && count >= 0) { "a range of a file is offset >= 0 and count >= 0, was $offset and $count" }
    return if (count > file.size() - offset) file.size() else offset + count
}
