package socketeer

import java.io.IOException

/**
 * All that can go wrong on a socket, by whose fault it is.
 *
 * The message names the operation, the addresses and the system's own words; [cause] is the system's exception where
 * there was one. Cancellation is not in this family: it stays coroutines' `CancellationException`.
 */
public sealed class SocketeerException(message: String, cause: Throwable? = null) : IOException(message, cause)

/** You closed it: the socket, or the network it belongs to, was closed here before or during the call. */
public class ClosedException(message: String) : SocketeerException(message)

/** They broke it: a reset, a vanished peer, a stream that ended where it must not. The socket stays broken. */
public class BrokenException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** Two coroutines at once where one is allowed: two receives, two sends, two accepts on one socket. */
public class BusyException(message: String) : SocketeerException(message)

/** Nobody listens there. */
public class RefusedException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** There is no way there: no route, network or host down. */
public class UnreachableException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** Somebody already has that address. */
public class AddressInUseException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** That address isn't one of this machine's. */
public class AddressNotAvailableException(
    message: String,
    cause: Throwable? = null,
) : SocketeerException(message, cause)

/** A limit on time passed: connecting, a handshake, an idle connection. */
public class TimedOutException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** The resolver knows no address for that name. */
public class NameNotFoundException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/**
 * Bytes that can't be a frame, a line, a datagram: too many of them, or not in the format. [reason] says what was
 * expected; [position] is the offset in the stream of the byte at fault, or -1 where there's none.
 */
public sealed class FrameException(public val reason: String, public val position: Long, cause: Throwable?) :
    SocketeerException(if (position < 0) reason else "$reason, at byte $position", cause)

/**
 * More bytes than a limit allows; [position] is that of what went beyond it, or of the length that announced too much.
 */
public class TooLargeException(reason: String, position: Long = -1, cause: Throwable? = null) :
    FrameException(reason, position, cause)

/** Bytes that break the format. */
public class MalformedException(reason: String, position: Long = -1, cause: Throwable? = null) :
    FrameException(reason, position, cause)

/** The system forbids it: a privileged port, a file's mode; or this server does: a peer in no trusted block. */
public class DeniedException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** The process or the system ran out of descriptors or memory; it may pass. */
public class ExhaustedException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** This platform, or this kind of socket, cannot do that. */
public class UnsupportedException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)

/** The system refused for a reason that has no type of its own here; its words are in the message. */
public class FailedException(message: String, cause: Throwable? = null) : SocketeerException(message, cause)
