package socketeer

import kotlinx.coroutines.selects.SelectClause1
import kotlinx.io.bytestring.ByteString
import java.nio.ByteBuffer

/** A message with its boundaries: its [data], perhaps none, and where it came [from]. */
public data class Datagram(val data: ByteString, val from: DatagramAddress)

/** The most bytes a UDP datagram carries: 65,535 less the headers of UDP (RFC 768) and IPv4 (RFC 791). */
public const val MAX_DATAGRAM: Int = 65_507

/**
 * A socket for datagrams to and from anybody: what `bind(udp(…))` gives.
 *
 * One coroutine at a time may receive, another is told [BusyException] at once; any number may send. Every call can be
 * made from any thread and cancelled at any point: a cancelled receive loses no datagram. The fault of one call is that
 * call's alone, the socket lives on.
 */
public interface DatagramSocket : Socket {
    override val local: DatagramAddress

    /**
     * The next datagram, whole.
     *
     * @throws ClosedException, BusyException
     */
    public suspend fun recvfrom(): Datagram

    /**
     * [recvfrom] as a clause of kotlinx.coroutines' `select`: if another clause is first, no datagram is lost.
     *
     * @throws UnsupportedException where sockets aren't the kernel's.
     */
    public val onRecvfrom: SelectClause1<Datagram> get() = throw UnsupportedException("select on $this")

    /**
     * Receives the next datagram into [buffer] at its position, without allocating, and gives where it came from.
     *
     * @throws TooLargeException if [buffer] has not enough room: nothing is cut off, the datagram can be received
     *   still.
     */
    public suspend fun recvfromInto(buffer: ByteBuffer): DatagramAddress

    /**
     * Sends what remains in [buffer], perhaps nothing, as one datagram [to] an address; returns when the kernel has it,
     * which doesn't say that it arrives. What is sent to port 0, or to a Unix socket without a name, goes
     * nowhere: such a peer wants no answer (RFC 768).
     *
     * @throws TooLargeException if it is more than [MAX_DATAGRAM] bytes, or than the kernel takes.
     * @throws DeniedException to a broadcast address without [Option.Broadcast]
     * @throws UnreachableException, NameNotFoundException, ClosedException
     */
    public suspend fun sendto(buffer: ByteBuffer, to: DatagramAddress)

    /** Sends [data] as one datagram. */
    public suspend fun sendto(data: ByteString, to: DatagramAddress)

    /** Sends [data], which must not change until this returns, as one datagram. */
    public suspend fun sendto(data: ByteArray, to: DatagramAddress)

    /** Sends [text] as UTF-8 in one datagram. */
    public suspend fun sendto(text: String, to: DatagramAddress)

    /** Connects to [address]; this socket becomes the connected one and must not be used again. */
    public suspend fun connect(address: DatagramAddress): DatagramConnection

    /**
     * Takes part in a multicast [group] (an IP literal), heard through the interface called [via] or the system's
     * choice; with a [source], only what comes from that address (RFC 4607). A socket may join many.
     *
     * @throws UnsupportedException if the socket's family isn't the group's: bind `0.0.0.0` or an IPv6 address.
     * @throws IllegalArgumentException if [group] is no group, or there's no interface [via].
     */
    public suspend fun join(group: String, via: String? = null, source: String? = null)

    /** Undoes [join] with the same arguments. @throws IllegalArgumentException if that was not joined */
    public suspend fun leave(group: String, via: String? = null, source: String? = null)

    /** How many datagrams the kernel had to drop because nobody received them in time; null where it doesn't say. */
    public suspend fun dropped(): Long?
}

/**
 * A datagram socket with one peer: what others send is dropped, and the kernel says what became of what was sent, as
 * far as it is told, and until the first empty one: the JDK can't send that on a socket that the kernel has connected.
 * What `connect(udp(…))` gives; in all else like [DatagramSocket].
 */
public interface DatagramConnection : Socket {
    override val local: DatagramAddress

    /** The peer's address: fixed, readable after close. */
    public val remote: DatagramAddress

    /**
     * The data of the next datagram, whole and perhaps empty.
     *
     * @throws RefusedException if an earlier datagram found nobody there (ICMP port unreachable).
     * @throws ClosedException, BusyException
     */
    public suspend fun recv(): ByteString

    /**
     * Receives into [buffer], without allocating, and gives how many bytes. @throws TooLargeException as
     * [DatagramSocket.recvfromInto]
     */
    public suspend fun recvInto(buffer: ByteBuffer): Int

    /**
     * Sends what remains in [buffer] as one datagram.
     *
     * @throws RefusedException if an earlier datagram found nobody there; this one was not sent then.
     * @throws TooLargeException, UnreachableException, ClosedException
     */
    public suspend fun send(buffer: ByteBuffer)

    /** Sends [data] as one datagram. */
    public suspend fun send(data: ByteString)

    /** Sends [data], which must not change until this returns, as one datagram. */
    public suspend fun send(data: ByteArray)

    /** Sends [text] as UTF-8 in one datagram. */
    public suspend fun send(text: String)

    /** As [DatagramSocket.dropped]. */
    public suspend fun dropped(): Long?
}
